"""The real-input build: every stage over ../shared/corpora/meld_dev, and README's figures from it.

    python benchmarks/real_input.py            builds into a temporary store and prints the two tables
    python benchmarks/real_input.py --write    also puts them into README.md

Label Studio runs for real (`osmo up` first); the dataset's own human labels are replayed through it. The embedded
voters and every rule are deterministic, so the figures are too.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import tomli_w

REPOSITORY = Path(__file__).resolve().parents[1]
CORPUS = Path(os.environ.get("OSMO_CORPORA", REPOSITORY.parent / "shared" / "corpora")) / "meld_dev"
OSMO = (sys.executable, "-m", "osmo.flows")


def configure(folder: Path, corpus: Path = CORPUS) -> Path:
    """Write the configuration of this build into `folder`."""
    settings = {
        "sources": [{"adapter": "folder", "path": str(corpus)}],
        "store": {"uri": str(folder / "store")},
        "label": {"replay": True},
        "release": {"name": "meld", "title": "Replayed human labels of dialogue transcripts"},
    }
    path = folder / "osmo.toml"
    path.write_text(tomli_w.dumps(settings))
    return path


def osmo(config: Path, *command: str, check: bool = True) -> Any:
    """Run an osmo command with --json and give what it printed."""
    done = subprocess.run(
        [*OSMO, *command, "--config", str(config), "--json"], capture_output=True, text=True, check=False, timeout=900
    )
    if check and done.returncode:
        raise SystemExit(f"osmo {' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
    return json.loads(done.stdout)


def funnel_table(status: dict[str, Any]) -> str:
    """The funnel as README shows it."""
    lines = ["| step | count |", "| --- | ---: |"]
    for step, count in status["funnel"].items():
        shown = f"{count:,.2f}" if step == "hours" else f"{count:,}"
        lines.append(f"| {step} | {shown} |")
    return "\n".join(lines)


def quality_table(quality: dict[str, Any], others: dict[str, Any]) -> str:
    """The voters' quality as README shows it: on wearers, and the vote on other speakers too."""

    def percent(share: float | None) -> str:
        return "–" if share is None else f"{100 * share:.1f} %"

    lines = ["| voter | segments labelled | coverage | agrees with the human label |", "| --- | ---: | ---: | ---: |"]
    lines += [
        f"| {one['voter']} | {one['labelled']} | {percent(one['coverage'])} | {percent(one['agreement'])} |"
        for one in quality["voters"]
    ]
    columns = ("segments", "with a human label", "kept", "of those not neutral for people", "base rate",
               "of those with the human label", "commonest label")  # fmt: skip
    lines += ["", f"| {' | '.join(columns)} |", "| --- |" + " ---: |" * 6]
    for name, one in (("wearers'", quality), ("other speakers', as if theirs", others)):
        shares = (one["kept_precision"], one["emotional_share"], one["kept_agreement"], one["commonest_share"])
        lines.append(f"| {name} | {one['compared']} | {one['kept']} | " + " | ".join(map(percent, shares)) + " |")
    return "\n".join(lines)


def block(readme: str, name: str) -> str:
    """What stands between README's markers of `name`."""
    return _found(readme, name).group(2).strip()


def written(readme: str, name: str, text: str) -> str:
    """README with another text between the markers of `name`."""
    found = _found(readme, name)
    return readme[: found.start(2)] + text + "\n" + readme[found.end(2) :]


def _found(readme: str, name: str) -> re.Match[str]:
    found = re.search(rf"(<!-- {name}:begin -->\n)(.*?)(<!-- {name}:end -->)", readme, re.DOTALL)
    if found is None:
        raise SystemExit(f"README.md has no markers {name}:begin and {name}:end")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put the tables into README.md")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="osmo-real-input-") as folder:
        config = configure(Path(folder))
        osmo(config, "build")
        tables = {
            "funnel": funnel_table(osmo(config, "status")),
            "quality": quality_table(
                osmo(config, "prescreen-quality"), osmo(config, "prescreen-quality", "--speaker", "other")
            ),
        }
    for text in tables.values():
        print(text, end="\n\n")
    if arguments.write:
        readme = (REPOSITORY / "README.md").read_text()
        for name, text in tables.items():
            readme = written(readme, name, text)
        (REPOSITORY / "README.md").write_text(readme)


if __name__ == "__main__":
    main()
