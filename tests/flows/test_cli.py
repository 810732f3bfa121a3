"""The osmo command: what it prints, how it ends, and what it says when something is wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from small_project import Project, new_project
from typer.testing import CliRunner

from osmo.flows.cli import app
from osmo.schemas.config import OsmoConfig, load_config

REPOSITORY = Path(__file__).parents[2]
Osmo = Callable[..., subprocess.CompletedProcess[str]]
OsmoHere = Callable[..., tuple[str, str]]


def commands() -> list[str]:
    """Every command by its full name: build, release create, …"""

    def below(group: Any, prefix: str) -> Iterator[str]:
        for name, command in group.commands.items():
            if hasattr(command, "commands"):
                yield from below(command, f"{prefix}{name} ")
            else:
                yield f"{prefix}{name}"

    return list(below(typer.main.get_command(app), ""))


@pytest.fixture(scope="module")
def built(osmo: Osmo, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, dict[str, Any]]:
    """A project that was built without Label Studio, and what `osmo build --json` printed."""
    project = new_project(tmp_path_factory.mktemp("built"), recordings=2)
    done = osmo("build", "--config", project.config, "--json")
    return project, json.loads(done.stdout)


# Help and documentation


@pytest.mark.parametrize("command", ["", "release", *commands()])
def test_every_command_has_help_that_fits_a_terminal(command: str) -> None:
    done = CliRunner().invoke(app, [*command.split(), "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert done.exit_code == 0
    assert "Usage:" in done.output
    assert max(map(len, done.output.splitlines())) <= 80


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str) -> None:
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    assert re.search(rf"`osmo {re.escape(command)}\b(?!-)", readme), f"README.md says nothing of `osmo {command}`"


def test_help_starts_without_the_heavy_libraries() -> None:
    heavy = ("prefect", "torch", "pyarrow", "numba", "duckdb", "pandas", "av", "label_studio_sdk", "whisper")
    code = f"import sys, osmo.flows.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"


# osmo init


def test_init_writes_the_defaults_and_never_overwrites(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert CliRunner().invoke(app, ["init"]).exit_code == 0
    written = load_config(Path("osmo.toml")).model_dump()
    Path("empty.toml").write_text("")
    assert written == load_config(Path("empty.toml")).model_dump()
    assert set(written) == set(OsmoConfig.model_fields)
    Path("osmo.toml").write_text("# mine")
    again = CliRunner().invoke(app, ["init"])
    assert again.exit_code == 1
    assert "stays as it is" in str(again.exception)
    assert Path("osmo.toml").read_text() == "# mine"


# JSON


def test_build_prints_counts_per_stage(built: tuple[Project, dict[str, Any]]) -> None:
    _, done = built
    assert done["ingest"]["stored"] == 2
    assert done["segment"]["rows_out"] == 6
    assert done["people"] == {"shown": 0, "waiting": 0, "label_studio": 0}


def test_plan_status_and_quality_print_json(built: tuple[Project, dict[str, Any]], osmo_here: OsmoHere) -> None:
    config = ("--config", built[0].config, "--json")
    plan = {row["stage"]: row for row in json.loads(osmo_here("plan", *config)[0])}
    assert plan["segment"] == {"stage": "segment", "present": 2, "missing": 0, "quarantined": 0}
    status = json.loads(osmo_here("status", *config)[0])
    assert status["funnel"]["recordings"] == 2
    assert status["funnel"]["segments"] == 6
    assert status["stuck"] == 0
    assert json.loads(osmo_here("status", "--stuck", *config)[0]) == []
    assert json.loads(osmo_here("prescreen-quality", *config)[0])["compared"] == 0


def test_releases_from_creation_to_refusal(built: tuple[Project, dict[str, Any]], osmo_here: OsmoHere) -> None:
    project, _ = built
    config = ("--config", project.config)
    created = json.loads(osmo_here("release", "create", *config, "--json")[0])
    assert created["release"] == "osmo@0.1.0"
    assert created["tables"]["segments"] == 6
    listed = json.loads(osmo_here("release", "list", *config, "--json")[0])
    assert [(one["name"], one["version"]) for one in listed] == [("osmo", "0.1.0")]
    shown = json.loads(osmo_here("release", "show", "osmo", *config, "--json")[0])
    assert shown["version"] == "0.1.0"
    verified = json.loads(osmo_here("release", "verify", "osmo@0.1.0", *config, "--json")[0])
    assert verified["problems"] == []
    for file in sorted((project.store / "releases" / "osmo" / "0.1.0" / "data" / "segments").iterdir()):
        file.write_bytes(file.read_bytes()[:-1])
    refused = json.loads(osmo_here("release", "verify", "osmo@0.1.0", *config, "--json", code=3)[0])
    assert refused["problems"]
    assert "segments" in osmo_here("release", "verify", "osmo@0.1.0", *config, code=3)[1]
    missing = osmo_here("release", "show", "osmo@9.9.9", *config, code=1)[1]
    assert "no published release osmo@9.9.9" in missing


# What a person sees


def test_tables_fit_a_terminal(built: tuple[Project, dict[str, Any]], osmo_here: OsmoHere) -> None:
    for command in ("plan", "status", "prescreen-quality"):
        printed, _ = osmo_here(command, "--config", built[0].config)
        lines = [line for line in printed.splitlines() if str(built[0].store) not in line]
        assert max(map(len, lines)) <= 80, printed


def test_what_failed_is_listed_and_reopened(tmp_path: Path, osmo: Osmo, osmo_here: OsmoHere) -> None:
    project = new_project(tmp_path, recordings=1)
    project.add("broken")
    (project.recordings / "broken" / "recording.json").write_text("{", encoding="utf-8")
    done = osmo("ingest", "--config", project.config, code=3)
    assert "osmo status --stuck" in done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    listed, _ = osmo_here("status", "--stuck", "--config", project.config)
    assert "recording.json" in listed
    assert "where:" in listed and "do:" in listed
    assert json.loads(osmo_here("status", "--config", project.config, "--json")[0])["stuck"] == 1
    assert "Reopened 1 unit" in osmo_here("retry", "--config", project.config)[0]


def test_a_source_named_by_word_is_previewed_and_taken(tmp_path: Path, osmo: Osmo, osmo_here: OsmoHere) -> None:
    project = new_project(tmp_path, recordings=2)
    elsewhere = tmp_path / "other.toml"
    elsewhere.write_text(f'[store]\nuri = "{tmp_path / "other"}"\nbuckets = 2\n')
    named = (f"folder:{project.recordings}", "--config", elsewhere)
    said, _ = osmo_here("ingest", *named, "--dry-run")
    assert "Would take 2 recordings." in said and "Nothing was written." in said
    assert "not in recording.json" in said
    assert not (tmp_path / "other").exists()
    documents = json.loads(osmo_here("ingest", *named, "--dry-run", "--json")[0])
    assert [one["found"] for one in documents] == ["new", "new"]
    assert json.loads(osmo("ingest", *named, "--json").stdout)["ingest"]["stored"] == 2
    assert "Would take 0 recordings; 2 unchanged." in osmo_here("ingest", *named, "--dry-run")[0]


# Errors: one message, an exit code, no traceback


@pytest.mark.parametrize(
    ("toml", "command", "code", "says"),
    [
        ("bogus = 1", "plan", 2, ["osmo.toml", "bogus", "osmo init"]),
        ("[prescreen]\nquorum = 0", "build", 2, ["prescreen.quorum", "got 0"]),
        ("no toml at all", "build", 2, ["not a TOML file"]),
        ("", "plan", 1, ["there is no store", "osmo build"]),
        ("", "status", 1, ["there is no store", "osmo build"]),
        ("", "retry", 1, ["there is no store", "osmo build"]),
        ("", "publish", 1, ["No Label Studio is running", "osmo up"]),
        ("", "collect", 1, ["No Label Studio is running", "osmo up"]),
        (None, "build", 2, ["osmo.toml: there is no such file", "osmo init"]),
    ],
    ids=[
        "unknown-key", "value-out-of-range", "not-toml", "plan-without-store", "status-without-store",
        "retry-without-store", "publish", "collect", "no-file",
    ],
)  # fmt: skip
def test_an_error_is_one_message(
    toml: str | None, command: str, code: int, says: list[str], tmp_path: Path, osmo_here: OsmoHere
) -> None:
    config = tmp_path / "osmo.toml"
    if toml is not None:
        config.write_text(toml)
    _is_one_message(osmo_here(command, "--config", config, code=code), says)


@pytest.mark.parametrize(
    ("toml", "code", "says"),
    [
        ('[prescreen]\nvoters = ["lexikon"]', 2, ["lexikon", "Did you mean 'lexicon'?"]),
        ('[store]\nuri = "file"', 1, ["file", "Check that the place exists"]),
    ],
    ids=["unknown-voter", "unwritable-store"],
)
def test_an_error_inside_a_flow_is_one_message(
    toml: str, code: int, says: list[str], tmp_path: Path, osmo: Osmo
) -> None:
    config = tmp_path / "osmo.toml"
    config.write_text(toml)
    (tmp_path / "file").write_text("")
    done = osmo("build", "--config", config, code=code)
    _is_one_message((done.stdout, done.stderr), says)


def _is_one_message(printed: tuple[str, str], says: list[str]) -> None:
    out, err = printed
    assert out == ""
    message = " ".join(err.split())
    assert message.count("Error:") == 1
    assert [part for part in says if part not in message] == []
    assert len(err.strip().splitlines()) <= 3


def test_wrong_usage(osmo_here: OsmoHere) -> None:
    assert "No such command" in osmo_here("bild", code=2)[1]
    assert "No such option" in osmo_here("build", "--nope", code=2)[1]
    assert "name the version too" in osmo_here("release", "revoke", "osmo", "--reason", "wrong", code=2)[1]


# Ctrl-C


def test_an_interrupted_build_ends_with_one_line_and_goes_on_when_run_again(
    tmp_path: Path, lonely: dict[str, str], osmo: Osmo
) -> None:
    project = new_project(tmp_path, recordings=6, buckets=1)  # one bucket: all recordings are one part
    command = [sys.executable, "-m", "osmo.flows", "build", "--config", str(project.config)]
    with subprocess.Popen(
        command, env=lonely, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as process:
        deadline = time.monotonic() + 120
        while not list((project.store / "logs").glob("recordings/*/*")) and time.monotonic() < deadline:
            time.sleep(0.05)
        os.kill(process.pid, signal.SIGINT)
        stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 130, stderr
    assert stdout == ""
    assert "Traceback" not in stderr
    assert "Interrupted. What is done is stored: run the same command again" in stderr
    again = json.loads(osmo("segment", "--config", project.config, "--json").stdout)
    assert again["segment"]["rows_in"] == len(list(project.recordings.iterdir()))
