"""The wheel holds the tree: every file of the six packages, and nothing else."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path, PurePosixPath

import pytest

REPOSITORY = Path(__file__).parents[2]
PACKAGES = {
    "schemas": "osmo/schemas",
    "storage": "osmo/storage",
    "annotators": "osmo/annotators",
    "tasks": "osmo/tasks",
    "flows": "osmo/flows",
    "osiris_train": "osiris_train",
}


def files(folder: Path) -> set[str]:
    found = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.relative_to(folder).as_posix() for path in found if not path.name.startswith(".")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of a copy of the tree, so that the tree gets no build folder and an old one lends no file."""
    place = tmp_path_factory.mktemp("wheel")
    source = place / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(REPOSITORY / name, source / name)
    for name in PACKAGES:
        shutil.copytree(REPOSITORY / name, source / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    command = [
        sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index",
        "--disable-pip-version-check", "--quiet", "--wheel-dir", str(place / "dist"), str(source),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = (place / "dist").glob("*.whl")
    return zipfile.ZipFile(built)


def test_the_wheel_holds_the_six_packages_whole_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    expected = {f"{place}/{file}" for name, place in PACKAGES.items() for file in files(REPOSITORY / name)}
    info = {name for name in wheel.namelist() if PurePosixPath(name).parts[0].endswith(".dist-info")}
    held = set(wheel.namelist()) - info
    missing, more = sorted(expected - held), sorted(held - expected)
    assert not missing, f"not in the wheel: {missing}. Name the package or the suffix in pyproject.toml."
    assert not more, f"in the wheel, not in the tree: {more}"


def test_the_wheel_carries_licence_notice_and_command(wheel: zipfile.ZipFile) -> None:
    names = {PurePosixPath(name).name for name in wheel.namelist() if ".dist-info/" in name}
    assert {"LICENSE", "NOTICE", "METADATA", "entry_points.txt"} <= names
    [entry] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "osmo = osmo.flows.cli:main" in wheel.read(entry).decode()


def test_every_folder_with_python_files_is_named_as_a_package() -> None:
    named = set(tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"])
    found = {
        PurePosixPath(place, *(path.parent.relative_to(REPOSITORY / name).parts)).as_posix().replace("/", ".")
        for name, place in PACKAGES.items()
        for path in (REPOSITORY / name).rglob("*.py")
    }
    assert named == found
