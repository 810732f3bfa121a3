"""The training inputs of the sample's real release: nothing of a target is found in its input."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from osmo.schemas.vocabulary import vocabulary
from osmo.storage import releases

pytestmark = pytest.mark.e2e
Osmo = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def release(osmo: Osmo, label_studio: Any) -> releases.Release:
    """What the quickstart publishes; where it ran before, that."""
    osmo("quickstart")
    return releases.open("osmo-sample", store=str(label_studio.home / "quickstart" / "store"))


def test_no_target_is_found_in_its_input(release: releases.Release) -> None:
    inputs = {row["event_id"]: row for row in release.table("training_inputs").to_pylist()}
    events = release.table("events").to_pylist()
    cues: dict[str, list[str]] = {}
    for cue in release.table("cues").to_pylist():
        cues.setdefault(cue["event_id"], []).append(cue["text"] or "")
    assert set(inputs) == {event["event_id"] for event in events} and events
    for event in events:
        row = inputs[event["event_id"]]
        text = json.dumps({name: row[name] for name in row if name != "instruction"}, ensure_ascii=False)
        allowed = json.dumps([row["dialogue"], row["history"]], ensure_ascii=False)
        known = [vocabulary().get(concept) for concept in event["emotions"]]
        secret = [*event["own_words"], *event["causes"], event["cause"], event["polarity"], *cues[event["event_id"]]]
        secret += [name for one in known for name in (one.id, one.en, one.zh)]
        assert [word for word in secret if word and word in text and word not in allowed] == []
        assert not set(cues[event["event_id"]]) - {""} & set(allowed.split('"'))
        begins, ends = row["window_start_s"], row["window_end_s"]
        assert begins <= event["start_s"] and event["end_s"] <= ends
        assert ends - begins == pytest.approx(30.0)
        assert all(turn["start_s"] < ends and turn["end_s"] > begins for turn in row["dialogue"])
        assert event["event_id"] not in [earlier["event_id"] for earlier in row["history"]]


def test_inputs_name_media_that_the_release_lists(release: releases.Release) -> None:
    listed = {(row["recording_id"], row["kind"], row["sha256"]) for row in release.table("media").to_pylist()}
    rows = release.table("training_inputs").to_pylist()
    named = {(row["recording_id"], one["kind"], one["sha256"]) for row in rows for one in row["media"]}
    assert named and named <= listed
    assert {kind for _, kind, _ in named} == {"proxy", "audio", "eye"}


def test_the_sample_is_said_to_be_too_small_for_a_probe(
    release: releases.Release, osmo: Osmo, label_studio: Any
) -> None:
    config = str(label_studio.home / "quickstart" / "osmo.toml")
    found = json.loads(osmo("sense-report", "--config", config, "--json").stdout)
    assert found["chains"] == found["outcomes"]["first"]["hits"] == release.table("events").num_rows
    assert found["leakage"]["too_few"].startswith("fewer than 40 events")
