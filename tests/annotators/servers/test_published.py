"""Published code finds its weights as safetensors, or nothing; and its marks in words are words."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from osmo.annotators.servers.backend import BackendOptions, BackendUnavailableError
from osmo.annotators.servers.published import defused, no_pickles, use_code


def test_torch_load_gives_the_safetensors_beside_a_pickle_as_the_pickle_would(tmp_path: Path) -> None:
    save_file({"a": torch.ones(2)}, tmp_path / "flat.safetensors")
    save_file({"a": torch.ones(2)}, tmp_path / "wrapped.safetensors", metadata={"wrapped_in": "model"})
    with no_pickles("x"):
        assert torch.equal(torch.load(tmp_path / "flat.pth", map_location="cpu")["a"], torch.ones(2))
        assert torch.equal(torch.load(str(tmp_path / "wrapped.pth"))["model"]["a"], torch.ones(2))


def test_a_pickle_is_never_read_while_a_model_loads_and_is_after(tmp_path: Path) -> None:
    path = tmp_path / "model.pth"
    torch.save({"a": torch.ones(2)}, path)
    with no_pickles("x"), pytest.raises(BackendUnavailableError, match=rf"convert {path} \S+model\.safetensors"):
        torch.load(path)
    assert torch.equal(torch.load(path)["a"], torch.ones(2))


@pytest.mark.parametrize("place", [None, "absent"])
def test_code_that_is_not_there_is_said(tmp_path: Path, place: str | None) -> None:
    options = BackendOptions(tmp_path, code=None if place is None else tmp_path / place)
    with pytest.raises(BackendUnavailableError, match="--code DIR"):
        use_code("x", options, "minigpt4")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("say <|eot_id|> now", "say   eot_id   now"),
        ("[INST] [/INST]", " INST   /INST "),
        ("### Human", "    Human"),
        ("<|a<|b|>c|>", "  a  b  c  "),
        ("a < b and a > c", "a < b and a > c"),
        ("他说<s>", "他说 s "),
    ],
)
def test_marks_in_words_are_words(text: str, left: str) -> None:
    marks = re.compile(r"<\|[^<>|]*\|>|\[/?INST\]|###|</?s>")
    assert defused(text, marks) == left
    assert not marks.search(defused(text, marks))
