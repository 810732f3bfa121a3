"""Each benchmark runs at a tiny size and prints its ratios; how fast things are is measured by `make bench` alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
PEERS = {
    "asr": {"openai-whisper, one clip at a time", "encoding all of its windows", "real time"},
    "evidence": {"Praat's pitch of the same sound", "decoding the same video", "reading the track as often"},
    "bill": {"2 s"},
    "eyes": {"5 ms", "decoding it alone"},
    "flow": {"a plain loop over the buckets"},
    "parts": {"pyarrow writes the same parts", "pyarrow reads the same parts"},
    "plan": {"decoding the votes' keys once"},
    "rules": {"one sort of the same rows", "a naive loop"},
    "transports": {"the server's 50 ms alone", "a plain loop (of 4, scaled)", "after 300"},
    "votes": {"crowd-kit DawidSkene", "0.2 s"},
    "vote": {"copying the columns", "crowd-kit MajorityVote", "decoding those columns"},
}


def test_every_benchmark_is_tried_here() -> None:
    files = {path.name.removesuffix("_bench.py") for path in (REPOSITORY / "benchmarks").glob("*_bench.py")}
    assert files == set(PEERS)


@pytest.mark.parametrize("name", sorted(PEERS))
def test_it_prints_a_ratio_beside_each_peer(name: str, tmp_path: Path) -> None:
    command = [sys.executable, f"benchmarks/{name}_bench.py", "--small", "--json"]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env={**os.environ, "PREFECT_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    figures = json.loads(done.stdout)["figures"]
    assert {figure["peer"] for figure in figures} == PEERS[name]
    assert all(figure["ratio"] > 0 and figure["target"] for figure in figures)


def test_the_coefficients_are_what_is_measured() -> None:
    command = [sys.executable, "benchmarks/coefficients.py", "--check"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"tasks/coefficients.toml: {done.stdout}{done.stderr}"
