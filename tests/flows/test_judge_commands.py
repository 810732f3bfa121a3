"""osmo judge-injections and osmo judge-calibration, as a user calls them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

OsmoHere = Callable[..., tuple[str, str]]


# Loaded by path: with importlib mode no folder of tests is importable by name.
_spec = importlib.util.spec_from_file_location("reviewed_store", Path(__file__).with_name("reviewed_store.py"))
assert _spec is not None and _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_module)


@pytest.fixture(scope="module")
def reviewed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a store with 900 regions."""
    config: Path = _module.reviewed_store(tmp_path_factory.mktemp("reviewed"), regions=900)
    return config


def printed(osmo_here: OsmoHere, *arguments: str | Path, code: int = 0) -> Any:
    return json.loads(osmo_here(*arguments, "--json", code=code)[0])


# osmo judge-injections


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    config = tmp_path / "osmo.toml"
    config.write_text("")
    return config


def test_injections_are_tried_on_the_configured_judge(osmo_here: OsmoHere, empty: Path) -> None:
    found = printed(osmo_here, "judge-injections", "-c", empty, code=3)
    assert found["judge"] == "rubric"
    assert found["passed"] + found["rose"] == len(found["trials"])
    assert found["pass_rate"] == found["passed"] / len(found["trials"])
    assert not (tmp := empty.parent / "store").exists(), f"{tmp}: nothing needs a store"


def test_injections_show_what_rose_and_the_control(osmo_here: OsmoHere, empty: Path) -> None:
    out, _ = osmo_here("judge-injections", "-c", empty, "--kind", "long", code=3)
    assert "By what they try: rubric" in out
    assert "words that ask for nothing raise" in out
    assert "Passed: " in out
    assert "demand" not in out


def test_a_judge_that_accepts_nothing_ends_well(osmo_here: OsmoHere, empty: Path) -> None:
    empty.write_text("[quality]\naccept_score = 10\n")
    out, _ = osmo_here("judge-injections", "-c", empty)
    assert "(100.0 %)" in out


def test_an_unknown_kind_is_refused_with_those_that_there_are(osmo_here: OsmoHere, empty: Path) -> None:
    _, err = osmo_here("judge-injections", "-c", empty, "--kind", "rudeness", code=2)
    assert "no kind 'rudeness'" in err
    assert "demand" in err


def test_a_server_that_is_away_is_said(osmo_here: OsmoHere, empty: Path) -> None:
    empty.write_text(
        '[quality]\njudge = "llama3"\n[models.llama3]\nurl = "http://127.0.0.1:9/v1"\nmodel = "m"\n'
        f'revision = "{"0" * 40}"\nmax_attempts = 1\ngone_after_s = 0.0\n'
    )
    out, err = osmo_here("judge-injections", "-c", empty, "--kind", "long", code=3)
    assert "Nothing can be told" in out
    assert "127.0.0.1:9" in err


# osmo judge-calibration


def test_calibration_counts_what_the_store_holds(osmo_here: OsmoHere, reviewed: Path) -> None:
    found = printed(osmo_here, "judge-calibration", "-c", reviewed)
    assert found["judge"] == "rubric"
    assert found["verdicts"] == 900
    assert found["reviewed"] + found["unreviewed"] + found["abstained"] == 900
    assert found["abstained"] > 0
    assert [row["score"] for row in found["scores"]] == list(range(1, 11))
    assert sum(row["verdicts"] for row in found["scores"]) + found["abstained"] == 900
    assert 0 < found["calibration_error"] < 0.2
    shares = [row["right"]["share"] for row in found["scores"]]
    assert shares[9] > 0.85 > shares[4]


def test_a_lower_precision_needs_a_lower_score(osmo_here: OsmoHere, reviewed: Path) -> None:
    strict, mild = (
        printed(osmo_here, "judge-calibration", "-c", reviewed, "--precision", wanted)["threshold"]
        for wanted in ("0.85", "0.6")
    )
    assert mild < strict
    out, _ = osmo_here("judge-calibration", "-c", reviewed, "--precision", "1")
    assert "Lowest score for a precision of 1.00: none, no score with 30 accepted reviews reaches" in out


def test_the_diagram_is_drawn(osmo_here: OsmoHere, reviewed: Path, tmp_path: Path) -> None:
    _, err = osmo_here("judge-calibration", "-c", reviewed, "--plot", tmp_path / "plot.png")
    assert "Drawn: " in err
    with Image.open(tmp_path / "plot.png") as picture:
        assert picture.format == "PNG"
        assert picture.width > 1_000


def test_without_reviews_nothing_is_recommended(osmo_here: OsmoHere, tmp_path: Path) -> None:
    config = _module.reviewed_store(tmp_path, regions=3)
    out, _ = osmo_here("judge-calibration", "-c", config)
    assert "30 are needed" in out
    assert "too few reviews" in out
