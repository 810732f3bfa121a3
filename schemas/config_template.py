"""The commented configuration file that `osmo init` writes, generated from the configuration's own declaration."""

from __future__ import annotations

import tomli_w
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from osmo.schemas.config import OsmoConfig

_HEAD = """# Configuration of an OSMO build. Every setting stands here with its default; delete what you do not change.
# A variable OSMO_<SECTION>__<NAME> overrides a setting, for example OSMO_PRESCREEN__QUORUM=2.
# Secrets have no place here: they come by environment only.

profile = "embedded"          # embedded: voters, judge and writer that need no weights; lmm: large models on servers

# Where recordings come from; repeat the block for more sources.
# [[sources]]
# adapter = "folder"          # a file of tasks/sources/
# path = "recordings"         # a folder, or s3://bucket/prefix

# Where a model answers; a block for each annotator that asks one (docs/models.md lists every setting).
# [models.qwen2_audio]
# url = "http://127.0.0.1:8104/v1"
# model = "Qwen/Qwen2-Audio-7B-Instruct"
# revision = ""               # the commit's 40 digits, or sha256:… of the weights
# api_key_variable = ""       # the environment variable that holds the key, never the key itself
"""


def config_template() -> str:
    """A TOML file that loads as the defaults."""
    parts = [_HEAD]
    for name, field in OsmoConfig.model_fields.items():
        default = field.default
        if isinstance(default, BaseModel):
            parts.append(_section(name, default))
    return "\n".join(parts)


def _section(name: str, section: BaseModel) -> str:
    doc = (type(section).__doc__ or "").strip().splitlines()[0]
    lines = [f"# {doc}", f"[{name}]"]
    for key, field in type(section).model_fields.items():
        lines.append(_setting(key, getattr(section, key), field))
    return "\n".join(lines) + "\n"


def _setting(key: str, value: object, field: FieldInfo) -> str:
    comment = f"  # {field.description}" if field.description else ""
    if value is None:
        return f"# {key} ={comment}"
    if isinstance(value, tuple):
        value = list(value)
    text = tomli_w.dumps({key: value}).strip()
    return f"{' '.join(text.split())}{comment}"
