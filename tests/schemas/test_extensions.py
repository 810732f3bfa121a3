"""Extension points find files by name and import only what is asked for."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from osmo.schemas.extensions import ExtensionPoint, UnknownExtensionError


@pytest.fixture
def point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ExtensionPoint:
    package = tmp_path / "osmo_test_extensions"
    package.mkdir()
    (package / "__init__.py").write_text('"""A package."""\n')
    (package / "violin.py").write_text(
        '"""One."""\n\n\ndef create_instrument(strings: int = 4) -> str:\n    return f"violin {strings}"\n'
    )
    (package / "drum.py").write_text(
        '"""Two."""\nraise RuntimeError("imported without need")\n\n\ndef create_instrument() -> str: ...\n'
    )
    (package / "wood.py").write_text('"""A helper."""\n')
    monkeypatch.syspath_prepend(tmp_path)
    yield ExtensionPoint("instrument", ("osmo_test_extensions",), "create_instrument")
    for name in [name for name in sys.modules if name.startswith("osmo_test_extensions")]:
        del sys.modules[name]


def test_files_with_the_factory_are_listed_and_helpers_are_not(point: ExtensionPoint) -> None:
    assert point.names() == ["drum", "violin"]
    assert "osmo_test_extensions.drum" not in sys.modules


def test_only_the_one_asked_for_is_imported(point: ExtensionPoint) -> None:
    assert point.create("violin", 5) == "violin 5"
    assert "osmo_test_extensions.drum" not in sys.modules


def test_a_wrong_name_is_told_the_nearest_and_all(point: ExtensionPoint) -> None:
    with pytest.raises(
        UnknownExtensionError, match=r"No instrument 'violn'. Did you mean 'violin'\? Available: drum, violin."
    ):
        point.create("violn")
