"""What asking a model takes, from tasks/coefficients.toml: tokens, pictures and GPU-seconds, each with its source."""

from __future__ import annotations

import functools
import tomllib
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Role = Literal["voter", "reader", "judge", "describer", "writer"]
ROLES: tuple[Role, ...] = ("voter", "reader", "judge", "describer", "writer")
How = Literal["measured", "published", "assumed"]
DEFAULT = "default"


class Coefficient(BaseModel):
    """One number, how it was had, and where from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    value: Annotated[float, Field(ge=0, allow_inf_nan=False)]
    how: How
    source: str = Field(min_length=4)


NONE = Coefficient(value=0.0, how="assumed", source="it is given nothing of the kind")


class Coefficients(BaseModel):
    """What asking one annotator takes; the head of tasks/coefficients.toml says what each is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    needs: Literal["nothing", "audio", "video", "any"] = Field(
        default="nothing", description="Media without which it is not asked; any: sound or pictures"
    )
    prompt_tokens: Coefficient
    given_tokens: Coefficient = NONE
    audio_per_s: Coefficient = NONE
    longest_audio_s: Coefficient = NONE
    frame_tokens: Coefficient = NONE
    frames_per_s: Coefficient = NONE
    frames_most: Coefficient = NONE
    tokens_out: Coefficient
    gpu_s: Coefficient
    share: Coefficient = NONE


class _Text(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    tokens_per_char_en: Coefficient
    tokens_per_char_zh: Coefficient


class CoefficientFile(BaseModel):
    """The whole file: `text`, and per role the annotators by name."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: _Text
    voter: dict[str, Coefficients]
    reader: dict[str, Coefficients]
    judge: dict[str, Coefficients]
    describer: dict[str, Coefficients]
    writer: dict[str, Coefficients]

    def of(self, role: Role, name: str) -> Coefficients:
        """Those of an annotator; of one that stands nowhere, the role's default."""
        known: dict[str, Coefficients] = getattr(self, role)
        return known.get(name, known[DEFAULT])


@functools.cache
def coefficient_file() -> CoefficientFile:
    """The file of the package."""
    text = files("osmo.tasks").joinpath("coefficients.toml").read_text("utf-8")
    return CoefficientFile.model_validate(tomllib.loads(text))


def coefficient_table() -> str:
    """Every coefficient as docs/cost.md shows it."""
    known = coefficient_file()
    lines = ["| of | coefficient | value | how | source |", "| --- | --- | ---: | --- | --- |"]
    for field in type(known.text).model_fields:
        lines.append(_line("text", field, getattr(known.text, field)))
    for role in ROLES:
        for name, one in getattr(known, role).items():
            for field in type(one).model_fields:
                value = getattr(one, field)
                if isinstance(value, Coefficient) and value is not NONE and value != NONE:
                    lines.append(_line(f"{role} `{name}`", field, value))
    return "\n".join(lines)


def _line(of: str, name: str, one: Coefficient) -> str:
    return f"| {of} | `{name}` | {one.value:g} | {one.how} | {one.source} |"
