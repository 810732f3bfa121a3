"""A wrong name in the configuration is answered with the right one, before anything is read or written."""

from __future__ import annotations

from typing import Any

import pytest

from osmo.schemas.config import load_config
from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.names import check_names

Bench = Any


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[[sources]]\nadapter = "foldr"\npath = "."\n', "'foldr'. Did you mean 'folder'?"),
        ('[prescreen]\nvoters = ["lexikon"]\n', "'lexikon'. Did you mean 'lexicon'?"),
        ('[quality]\njudge = "rubrik"\n', "'rubrik'. Did you mean 'rubric'?"),
        ('[sense]\nwriter = "compser"\n', "'compser'. Did you mean 'composer'?"),
        ('[sense]\nextractors = ["qwen2_5_v"]\n', "'qwen2_5_v'. Did you mean 'qwen2_5_vl'?"),
    ],
    ids=["adapter", "voter", "judge", "writer", "describer"],
)
def test_a_wrong_name(bench: Bench, settings: str, says: str) -> None:
    bench.put("good")
    with bench.config_file.open("a", encoding="utf-8") as file:
        file.write(settings)
    with pytest.raises(UnknownExtensionError) as refused:
        check_names(load_config(bench.config_file))
    assert says in str(refused.value)
    assert bench.ids() == set()
    assert bench.problems() == []


PINNED = f'model = "m"\nrevision = "{"0" * 40}"\n'


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ('[prescreen]\nvoters = ["desta"]\n', "models.desta has no section."),
        ('[sense]\nextractors = ["qwen2_5_vl"]\n', "models.qwen2_5_vl has no section."),
        (f'[prescreen]\nvoters = ["desta"]\n[models.desta]\n{PINNED}', "models.desta has no url."),
        (
            '[prescreen]\nvoters = ["desta"]\n[models.desta]\n'
            'url = "http://127.0.0.1:9"\nmodel = "m"\nrevision = "main"\n',
            "models.desta.revision is 'main': it pins no weights.",
        ),
        (
            '[sense]\nextractors = ["qwen2_5_vl"]\n'
            f'[models.qwen2_5_vl]\ntransport = "prescreen"\nurl = "http://127.0.0.1:9"\n{PINNED}',
            "models.qwen2_5_vl.transport is 'prescreen', expected chat or local",
        ),
        (
            f'[prescreen]\nvoters = ["desta"]\nreader = "llama3"\n[models.desta]\nurl = "http://127.0.0.1:9"\n{PINNED}',
            "models.llama3 has no section.",
        ),
    ],
    ids=["voter", "describer", "no-address", "not-pinned", "no-chat", "reader"],
)
def test_a_model_that_is_asked_and_not_configured(bench: Bench, settings: str, says: str) -> None:
    bench.put("good")
    with bench.config_file.open("a", encoding="utf-8") as file:
        file.write(settings)
    with pytest.raises(ValueError) as refused:
        check_names(load_config(bench.config_file))
    assert str(refused.value).startswith(says)
    assert "\n" not in str(refused.value)
    assert bench.ids() == set()


def test_models_that_are_configured_are_not_asked(bench: Bench) -> None:
    bench.put("good")
    voters = ["emotion_llama", "affectgpt", "desta", "qwen2_audio"]
    with bench.config_file.open("a", encoding="utf-8") as file:
        file.write(f"[prescreen]\nvoters = {voters}\n[sense]\nextractors = ['qwen2_5_vl', 'qwen2_audio', 'ocular']\n")
        for name in [*voters, "qwen2_5_vl"]:
            file.write(f'[models.{name}]\nurl = "http://127.0.0.1:9"\n{PINNED}')
    check_names(load_config(bench.config_file))
