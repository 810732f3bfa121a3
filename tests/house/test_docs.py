"""The documents say what is there: files, links, commands, make targets, tables, fields and extension points."""

import re
from pathlib import Path

import pytest
import typer

from osmo.flows.cli import app
from osmo.schemas.config import OsmoConfig
from osmo.schemas.endpoints import Endpoint
from osmo.schemas.recording_json import RecordingJson
from osmo.schemas.tables import TABLES
from osmo.tasks.human_labels import LabelRow
from osmo.tasks.transcripts import CSV_COLUMNS, FORMATS

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = [
    *(REPOSITORY / f"{name}.md" for name in ("README", "ARCHITECTURE", "CONTRIBUTING", "CHANGELOG")),
    *sorted((REPOSITORY / "docs").glob("*.md")),
    REPOSITORY / "examples" / "sample" / "README.md",
]
FOLDERS = ("schemas", "storage", "annotators", "tasks", "flows", "osiris_train", "tests", "docs", "examples",
           "benchmarks", ".ci")  # fmt: skip
NAMED_AT_THE_TOP = re.compile(r"`(prefect\.yaml|pyproject\.toml|constraints\.txt|Makefile|LICENSE|NOTICE)`")
EXTENSION_POINTS = {
    "create_voter": ("annotators/embedded", "annotators/lmm"),
    "create_judge": ("annotators/llm",),
    "create_writer": ("annotators/llm",),
    "create_describer": ("annotators/lmm",),
    "create_backend": ("annotators/servers/backends",),
    "create_extractor": ("tasks/cues",),
    "create_tracker": ("tasks/tracks",),
    "create_engine": ("tasks/engines",),
    "create_rule": ("tasks/qa/rules",),
    "create_adapter": ("tasks/sources",),
    "assign": ("tasks/protocols",),
}

document = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(REPOSITORY).as_posix())


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def prose(path: Path) -> str:
    """A document without its fenced blocks."""
    return re.sub(r"(?ms)^\s*```.*?^\s*```", "", path.read_text(encoding="utf-8"))


def anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


@document
def test_every_file_it_names_exists(document: Path) -> None:
    named = re.findall(rf"`((?:{'|'.join(map(re.escape, FOLDERS))})/[\w./-]*)`", prose(document))
    named += NAMED_AT_THE_TOP.findall(prose(document))
    assert [name for name in named if not (REPOSITORY / name).exists()] == []


@document
def test_every_relative_link_resolves(document: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(document)):
        if "://" in target:
            continue
        file, _, fragment = target.partition("#")
        place = document.parent / file if file else document
        if not place.exists():
            broken.append(target)
        elif fragment:
            headings = re.findall(r"(?m)^#+ (.+)$", prose(place))
            if fragment not in map(anchor, headings):
                broken.append(target)
    assert broken == []


@document
def test_every_command_and_make_target_it_names_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    group = typer.main.get_command(app)
    commands = getattr(group, "commands", {})
    groups = {name: group.commands for name, group in commands.items() if hasattr(group, "commands")}
    known = {*commands, *(f"{group} {name}" for group, names in groups.items() for name in names)} - {*groups}
    said = re.findall(rf"(?:`|^|/)osmo ((?:(?:{'|'.join(groups)}) )?[a-z][a-z-]*)", text, re.MULTILINE)
    assert [name for name in said if name not in known] == []
    targets = set(re.findall(r"(?m)^([a-z0-9]+):", text_of("Makefile")))
    called = [name for names in re.findall(r"(?:`|^)make ([a-z0-9 ]+?)(?:`|$|  )", text, re.MULTILINE)
              for name in names.split()]  # fmt: skip
    assert [name for name in called if name not in targets] == []


@document
def test_it_names_no_place_of_one_machine(document: Path) -> None:
    assert re.findall(r"(?<![\w.])/(?:home|work|root|Users)/\S*", document.read_text(encoding="utf-8")) == []


def test_the_diagram_has_every_table_as_what_it_is() -> None:
    diagram = text_of("ARCHITECTURE.md").split("```mermaid")[1].split("```")[0]
    for table in TABLES.values():
        shape = f"{table.name}[({table.name})]" if table.kind == "log" else f"{table.name}([{table.name}])"
        assert shape in diagram, f"{shape} is not in ARCHITECTURE.md"
    [human] = re.findall(r"class (\S+) human", diagram)
    assert set(human.split(",")) == {table.name for table in TABLES.values() if table.human}


def test_every_field_of_an_owners_files_is_explained() -> None:
    page = text_of("docs/recordings.md")
    missing = [name for name in RecordingJson.model_fields if f"\n| `{name}` |" not in page]
    missing += [
        name
        for name in (*LabelRow.model_fields, *CSV_COLUMNS, *(f".{name}" for name in FORMATS))
        if f"`{name}`" not in page
    ]
    assert missing == []


def test_every_setting_of_a_model_is_explained() -> None:
    page = text_of("docs/models.md")
    assert [name for name in Endpoint.model_fields if f"\n| `{name}` |" not in page] == []


def test_every_extension_point_has_its_recipe() -> None:
    recipes = text_of("CONTRIBUTING.md").split("## Recipes")[1]
    factories = {
        name
        for folder in ("annotators", "tasks")
        for path in (REPOSITORY / folder).rglob("*.py")
        for name in re.findall(r"(?m)^def (create_\w+)\(", path.read_text(encoding="utf-8"))
    }
    assert factories == set(EXTENSION_POINTS) - {"assign"}
    for factory, folders in EXTENSION_POINTS.items():
        [recipe] = [one for one in re.split(r"(?m)^### ", recipes) if f"`{factory}(" in one or f"def {factory}(" in one]
        for part in (*(f"`{folder}/<name>.py`" for folder in folders), "- **Test** `tests/", "- **Switch on**"):
            assert part in recipe, f"the recipe of {factory} lacks {part}"


def test_every_setting_that_a_recipe_switches_on_exists() -> None:
    found = re.findall(r"\*\*Switch on\*\* `\[(\w+)\] (\w+) = ", text_of("CONTRIBUTING.md"))
    assert len(found) == 8
    for section, setting in found:
        assert setting in type(OsmoConfig.model_fields[section].default).model_fields


@pytest.mark.parametrize(("factory", "folders"), EXTENSION_POINTS.items())
def test_every_extension_has_its_mirrored_test(factory: str, folders: tuple[str, ...]) -> None:
    sources = [
        path.relative_to(REPOSITORY)
        for folder in folders
        for path in (REPOSITORY / folder).glob("*.py")
        if f"\ndef {factory}(" in path.read_text(encoding="utf-8")
    ]
    assert sources
    mirrored = [REPOSITORY / "tests" / path.parent / f"test_{path.name}" for path in sources]
    assert [path.relative_to(REPOSITORY).as_posix() for path in mirrored if not path.exists()] == []
