"""The tiny backend: its answers, their shapes, its faults."""

from __future__ import annotations

from pathlib import Path

import pytest
from sidecar_servers import tiny_weights

from osmo.annotators.servers.backend import (
    BackendOptions,
    BackendUnavailableError,
    EngineDeadError,
    Prepared,
    Refusal,
    Reply,
    backend,
)


def said(folder: Path, transcript: str | None, **settings: str) -> str:
    [answer] = backend("tiny", BackendOptions(folder, settings=settings)).predict([asked(transcript)])
    assert isinstance(answer, Reply)
    return answer.text


def asked(transcript: str | None) -> Prepared:
    return Prepared("Which emotion?", ("joy", "fear", "neutral"), transcript=transcript)


@pytest.mark.parametrize(
    ("transcript", "label"),
    [("How WONDERFUL", "joy"), ("太好了！", "joy"), ("scared", "worried"), ("a table", "neutral"), (None, "neutral")],
)
@pytest.mark.parametrize(
    ("shape", "ends"),
    [("label", "{}"), ("list", "{}, thoughtful"), ("prose", "the person behind the camera feels {}.")],
)
def test_the_first_keyword_decides_in_every_shape(
    tmp_path: Path, transcript: str | None, label: str, shape: str, ends: str
) -> None:
    weights = tiny_weights(tmp_path, words={"fear": "worried"})
    assert said(weights, transcript, reply=shape).endswith(ends.format(label))


def test_without_a_keyword_it_may_be_unsure(tmp_path: Path) -> None:
    assert said(tiny_weights(tmp_path, otherwise=None), "a table").startswith("I cannot tell")


def test_it_fails_refuses_and_dies_where_it_is_told_to(tmp_path: Path) -> None:
    one = backend("tiny", BackendOptions(tiny_weights(tmp_path, fail_on="oh", refuse_on="no", die_on="die")))
    assert one.predict([asked("no way")]) == [Refusal("the transcript holds 'no'")]
    with pytest.raises(RuntimeError, match="holds 'oh'"):
        one.predict([asked("oh dear")])
    with pytest.raises(EngineDeadError):
        one.predict([asked("they die")])


@pytest.mark.parametrize(
    ("content", "settings"),
    [("{", {}), ('{"keywords": {}, "key": 1}', {}), ('{"keywords": {}}', {"reply": "poem"}), (None, {})],
    ids=["no JSON", "unknown field", "unknown shape", "no file"],
)
def test_weights_that_are_none_are_named(tmp_path: Path, content: str | None, settings: dict[str, str]) -> None:
    if content is not None:
        (tmp_path / "tiny.json").write_text(content)
    with pytest.raises(BackendUnavailableError, match=r"tiny\.json cannot be read"):
        backend("tiny", BackendOptions(tmp_path, settings=settings))
