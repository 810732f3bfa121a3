"""The same build with its store on an S3 server, people and release included."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli_w

from osmo.storage import releases

pytestmark = pytest.mark.e2e
Osmo = Callable[..., subprocess.CompletedProcess[str]]
SAMPLE = Path(__file__).resolve().parents[2] / "examples" / "sample"


def test_a_release_is_built_on_s3(s3_uri: str, osmo: Osmo, tmp_path: Path) -> None:
    shutil.copytree(SAMPLE / "sample-en-1", tmp_path / "recordings" / "sample-en-1")
    config = tmp_path / "osmo.toml"
    settings = {
        "sources": [{"path": str(tmp_path / "recordings")}],
        "store": {"uri": s3_uri, "buckets": 2},
        "label": {"simulated": 2},
        "release": {"name": "s3"},
    }
    config.write_text(tomli_w.dumps(settings))
    osmo("build", "--config", str(config))
    osmo("release", "create", "--config", str(config))
    osmo("release", "verify", "s3", "--config", str(config))
    release = releases.open("s3", store=s3_uri)
    events = release.table("events")
    assert events.num_rows > 0
    assert release.media(events["event_id"][0].as_py()).stat().st_size > 1000
    again = json.loads(osmo("build", "--config", str(config), "--json").stdout)
    assert not {name for name, counts in again.items() if counts.get("rows_in")}
