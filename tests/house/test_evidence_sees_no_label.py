"""What measures evidence cannot reach a label: it imports nothing that knows one, and is handed nothing that has it."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

from osmo.annotators.describer import Stretch
from osmo.tasks.cues import stage as cue_stage
from osmo.tasks.cues.extractor import Span
from osmo.tasks.tracks import stage as track_stage
from osmo.tasks.tracks.tracker import Recorded, Spoken

REPOSITORY = Path(__file__).parents[2]
EVIDENCE = sorted(
    path for folder in ("tracks", "eyes", "cues") for path in (REPOSITORY / "tasks" / folder).rglob("*.py")
)
KNOW_LABELS = (
    "osmo.schemas.vocabulary", "osmo.schemas.label_studio", "osmo.annotators", "osmo.flows", "osmo.tasks.annotations",
    "osmo.tasks.answers", "osmo.tasks.acceptance", "osmo.tasks.candidates", "osmo.tasks.clips", "osmo.tasks.collect",
    "osmo.tasks.consolidation", "osmo.tasks.events", "osmo.tasks.history", "osmo.tasks.human_labels",
    "osmo.tasks.pipeline", "osmo.tasks.prescreen", "osmo.tasks.qa", "osmo.tasks.reviews", "osmo.tasks.sense",
    "osmo.tasks.views", "osmo.tasks.vote",
)  # fmt: skip
KNOW_NONE = ("osmo.annotators.answer", "osmo.annotators.describer")
"""Of these, the modules without any: what asking takes, and the contract of those who describe what they see or hear.
What they import is looked at as well."""
TABLES = {"MEDIA", "CUES"}
"""Tables that evidence may name."""
LABEL_WORDS = ("emotion", "label", "polarity", "intensity", "cause", "vote", "annot", "verdict", "review", "words")


def imported(path: Path) -> set[str]:
    """Every module and name of osmo that a file imports, as osmo.<module> and osmo.<module>.<name>."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.startswith("osmo.")}


def file_of(module: str) -> Path | None:
    place = REPOSITORY.joinpath(*module.split(".")[1:])
    return next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)


def reached(path: Path) -> dict[str, Path]:
    """Modules of osmo that a file imports, and those that these import, and so on."""
    found: dict[str, Path] = {}
    left = [path]
    while left:
        for name in imported(left.pop()):
            file = file_of(name)
            if file is not None and name not in found:
                found[name] = file
                left.append(file)
    return found


def test_there_is_evidence_to_look_at() -> None:
    names = {f"{path.parent.name}/{path.stem}" for path in EVIDENCE}
    assert {"tracks/acoustic", "tracks/visual", "cues/acoustic", "cues/visual", "cues/ocular"} <= names


@pytest.mark.parametrize("path", EVIDENCE, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_module_of_evidence_reaches_nothing_that_knows_labels(path: Path) -> None:
    modules = reached(path)
    assert sorted(name for name in modules if name.startswith(KNOW_LABELS) and name not in KNOW_NONE) == []
    tables = {name.removeprefix("osmo.schemas.tables.") for name in imported(path) if "schemas.tables." in name}
    assert tables <= TABLES
    assert "osmo.storage.store" not in modules, "it reads no table by itself"


@pytest.mark.parametrize("handed", [Span, Recorded, Spoken, Stretch])
def test_what_is_handed_to_a_measurer_has_no_field_for_a_label(handed: type) -> None:
    names = [field.name for field in dataclasses.fields(handed)]
    assert not [name for name in names if any(word in name for word in LABEL_WORDS)]
    assert "text" not in names, "nor for the words that were said, which may name one"


@pytest.mark.parametrize("schema", [cue_stage.NEEDS, track_stage.NEEDS], ids=["cues", "tracks"])
def test_what_a_stage_keeps_of_its_input_has_no_column_for_a_label(schema: object) -> None:
    assert not [name for name in schema.names if any(word in name for word in LABEL_WORDS)]  # type: ignore[attr-defined]


def test_the_search_finds_what_it_looks_for() -> None:
    modules = reached(REPOSITORY / "tasks" / "sense.py")
    assert {"osmo.schemas.vocabulary"} <= set(modules)
