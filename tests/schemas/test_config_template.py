"""The file that `osmo init` writes: every setting, and nothing but the defaults."""

import tomllib
from pathlib import Path

import pytest

from osmo.schemas.config import OsmoConfig, dump_config, load_config
from osmo.schemas.config_template import config_template


def test_it_loads_as_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OSMO_CONFIG", raising=False)
    (tmp_path / "template.toml").write_text(config_template(), encoding="utf-8")
    (tmp_path / "empty.toml").write_text("")
    template, empty = (dump_config(load_config(tmp_path / name)) for name in ("template.toml", "empty.toml"))
    assert template == empty


def test_it_names_every_setting_and_says_what_it_is() -> None:
    text = config_template()
    assert set(tomllib.loads(text)) == set(OsmoConfig.model_fields) - {"sources", "models"}
    for name, field in OsmoConfig.model_fields.items():
        if name in ("profile", "sources", "models"):
            continue
        section = text.split(f"\n[{name}]\n")[1].split("\n[")[0]
        for key, setting in type(field.default).model_fields.items():
            [line] = [line for line in section.splitlines() if line.removeprefix("# ").startswith(f"{key} =")]
            assert setting.description is None or line.endswith(f"  # {setting.description}")


def test_a_source_as_its_comment_shows_it_can_be_used(tmp_path: Path) -> None:
    head = config_template().split("# Where a model answers")[0].splitlines()
    lines = [line.removeprefix("# ") for line in head if line.startswith(("# [[", "# adapter", "# path"))]
    (tmp_path / "osmo.toml").write_text("\n".join(lines), encoding="utf-8")
    [source] = load_config(tmp_path / "osmo.toml").sources
    assert (source.adapter, source.path) == ("folder", str(tmp_path / "recordings"))
