"""A wrong name in the configuration is one line and exit code 2, before anything is read or written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[[sources]]\nadapter = "foldr"\npath = "."\n', "No adapter 'foldr'. Did you mean 'folder'?"),
        ('[sense]\nextractors = ["visul"]\n', "Did you mean 'visual'?"),
    ],
    ids=["adapter", "extractor"],
)
def test_a_wrong_name_is_answered_with_the_right_one(tmp_path: Path, settings: str, says: str) -> None:
    (tmp_path / "osmo.toml").write_text(settings, encoding="utf-8")
    environment = {**os.environ, "OSMO_HOME": str(tmp_path / "home"), "NO_COLOR": "1", "COLUMNS": "300"}
    environment["PREFECT_HOME"] = str(tmp_path / "prefect")
    command = [sys.executable, "-m", "osmo.flows", "build"]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 2, done.stderr
    assert says in done.stderr
    assert "Traceback" not in done.stderr
