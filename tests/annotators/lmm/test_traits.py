"""A voter's and a describer's revision: it changes with what changes an answer, and with nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace

import pytest

from osmo.annotators.lmm import affectgpt, desta, emotion_llama, qwen2_5_omni, qwen2_5_vl, qwen2_audio
from osmo.annotators.lmm.describer import LmmDescriber
from osmo.annotators.lmm.media_parts import Pictures
from osmo.annotators.lmm.traits import VoterTraits
from osmo.annotators.lmm.voter import LmmVoter
from osmo.annotators.prompt import prompt
from osmo.annotators.transports.reaching import WrongTransportError
from osmo.schemas.endpoints import MissingEndpointError, Models, UnpinnedModelError

Known = Callable[..., Models]
VOTERS = {module.TRAITS.name: module for module in (emotion_llama, affectgpt, desta, qwen2_audio)}
DESCRIBERS = {module.DESCRIBES.name: module for module in (qwen2_5_vl, qwen2_5_omni, qwen2_audio)}


@pytest.mark.parametrize("name", VOTERS)
def test_a_voter_says_which_model_and_which_prompt(name: str, known: Known) -> None:
    voter = VOTERS[name].create_voter(known(name, model="some/model"))
    assert voter.name == name
    assert voter.revision.startswith(f"some/model@{'0' * 40}+")
    assert voter.prompt_sha == prompt(name).sha
    assert voter.sees == ("film" if name in ("emotion_llama", "affectgpt") else "speech")


@pytest.mark.parametrize("name", DESCRIBERS)
def test_a_describer_says_which_model_and_which_prompt(name: str, known: Known) -> None:
    describer = DESCRIBERS[name].create_describer(known(name, model="some/model"))
    assert describer.name == name
    assert describer.revision.startswith(f"some/model@{'0' * 40}+")
    assert describer.describes == ("visual" if name == "qwen2_5_vl" else "acoustic")
    assert describer.prompt_sha == prompt(f"describe_{describer.describes}").sha


@pytest.mark.parametrize(
    ("change", "matters"),
    [
        ({"revision": "1" * 40}, True),
        ({"model": "other"}, True),
        ({"max_tokens": 64}, True),
        ({"constraint": "none"}, True),
        ({"transport": "local"}, True),
        ({"url": "http://127.0.0.1:10"}, False),
        ({"concurrency": 1}, False),
        ({"batch_size": 1}, False),
        ({"timeout_s": 1.0}, False),
        ({"max_attempts": 1}, False),
        ({"gone_after_s": 0.0}, False),
        ({"served_name": "elsewhere"}, False),
        ({"api_key_variable": "KEY"}, False),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_the_revision_follows_what_changes_an_answer(known: Known, change: dict[str, object], matters: bool) -> None:
    for create in (qwen2_audio.create_voter, qwen2_audio.create_describer):
        revisions = [create(known("qwen2_audio", **some)).revision for some in ({}, change)]
        assert (revisions[0] != revisions[1]) is matters


@pytest.mark.parametrize(
    "change",
    [
        {"words": {**emotion_llama.TRAITS.words, "fear": "afraid"}},
        {"words": dict(sorted(emotion_llama.TRAITS.words.items()))},
        {"also": {"panicked": "fear"}},
        {"languages": ("en",)},
        {"takes": ("video",)},
        {"needs": ()},
        {"longest_audio_s": 20.0},
        {"pictures": Pictures(fps=2.0, most=8)},
    ],
    ids=lambda change: "-".join(change),
)
def test_the_revision_follows_what_the_file_states(known: Known, change: dict[str, object]) -> None:
    traits: VoterTraits = replace(emotion_llama.TRAITS, **change)  # type: ignore[arg-type]
    models = known("emotion_llama")
    assert LmmVoter(traits, models).revision != LmmVoter(emotion_llama.TRAITS, models).revision


def test_the_revision_follows_the_reading_model(known: Known) -> None:
    both = known("desta", "llama3")
    revisions = {desta.create_voter(Models(both.endpoints, reader)).revision for reader in (None, "llama3")}
    other = Models({**both.endpoints, "llama3": both.endpoints["llama3"].model_copy(update={"model": "n"})}, "llama3")
    assert len(revisions | {desta.create_voter(other).revision}) == 3


def test_who_has_no_endpoint_is_refused_at_once(known: Known) -> None:
    with pytest.raises(MissingEndpointError, match=r"models\.desta has no section"):
        desta.create_voter(known("affectgpt"))
    with pytest.raises(MissingEndpointError, match=r"models\.desta has no url"):
        desta.create_voter(known("desta", url=None))
    with pytest.raises(MissingEndpointError, match=r"models\.llama3 has no section"):
        desta.create_voter(known("desta", reader="llama3"))
    with pytest.raises(UnpinnedModelError, match=r"models\.qwen2_5_vl\.revision"):
        qwen2_5_vl.create_describer(known("qwen2_5_vl", revision="main"))
    with pytest.raises(
        WrongTransportError, match=r"models\.qwen2_5_vl\.transport is 'prescreen', expected chat or local"
    ):
        LmmDescriber(qwen2_5_vl.DESCRIBES, known("qwen2_5_vl", transport="prescreen"))


def test_creating_voters_imports_no_client_and_asks_nobody() -> None:
    code = (
        "import sys; from osmo.annotators import registry; from osmo.schemas.endpoints import Endpoint, Models;"
        "one = Endpoint(url='http://127.0.0.1:9', model='m', revision='0' * 40);"
        "models = Models({name: one for name in ('desta', 'qwen2_audio')});"
        "[registry.voter(name, models).revision for name in models.endpoints];"
        "sys.exit(any(name in sys.modules for name in ('aiohttp', 'torch', 'transformers')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
