"""The table of what annotators need of their servers fits the annotators."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest

from osmo.annotators.registry import DESCRIBERS, JUDGES, VOTERS
from osmo.annotators.servers.served import Served, served

TABLE = tomllib.loads(resources.files("osmo.annotators.servers").joinpath("served.toml").read_text("utf-8"))
PROFILE = tomllib.loads(resources.files("osmo.schemas.profiles").joinpath("lmm.toml").read_text("utf-8"))


def test_it_has_every_chat_server_of_the_profile() -> None:
    chats = {name for name, model in PROFILE["models"].items() if model["transport"] == "chat"}
    assert set(TABLE) == chats


@pytest.mark.parametrize("name", sorted(TABLE))
def test_its_names_are_annotators(name: str) -> None:
    assert name in {*VOTERS.names(), *JUDGES.names(), *DESCRIBERS.names()}


def test_another_name_needs_text_alone() -> None:
    assert served("somebody_new") == Served(attachments=(), max_model_len=None)
    assert served("qwen2_audio").attachments == ("audio",)
