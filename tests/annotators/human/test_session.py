"""Annotators' own sessions, and the simulated and replayed ones, against the real Label Studio."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest
from label_studio_server import LabelStudioServer, clips_table, no_media, publish

from osmo.annotators.human.replayed import EMAIL, replay
from osmo.annotators.human.session import AnnotatorSession, password_of
from osmo.annotators.human.simulated import email_of, simulate
from osmo.annotators.human.transport import LabelStudioRefusedError, LabelStudioUnreachableError
from osmo.schemas.tables import PULLS
from osmo.schemas.vocabulary import vocabulary
from osmo.storage.store import Store
from osmo.tasks.annotations import AnnotationStage, current_annotations
from osmo.tasks.collect import collect
from osmo.tasks.publish import PublishStage

pytestmark = pytest.mark.e2e


def password(server: LabelStudioServer, email: str) -> str:
    """As the product derives it: the server is shared with tests that sign the same stand-ins up."""
    return password_of(email, server.credentials.annotator_secret)


def test_an_annotator_signs_up_once_and_then_logs_in(label_studio: LabelStudioServer) -> None:
    client = label_studio.client()
    email = "dora@example.org"
    first = AnnotatorSession(label_studio.url, email).enter(client.invitation(), password(label_studio, email))
    second = AnnotatorSession(label_studio.url, email).enter(client.invitation(), password(label_studio, email))
    assert first.user_id == second.user_id
    assert list(client.users().values()).count(email) == 1


def test_a_wrong_password_and_a_void_invitation_are_refused(label_studio: LabelStudioServer) -> None:
    email = "emil@example.org"
    invitation = label_studio.client().invitation()
    AnnotatorSession(label_studio.url, email).enter(invitation, password(label_studio, email))
    with pytest.raises(LabelStudioRefusedError, match=r"emil@example\.org cannot log in"):
        AnnotatorSession(label_studio.url, email).enter(invitation, "another password")
    with pytest.raises(LabelStudioRefusedError, match="403"):
        AnnotatorSession(label_studio.url, "x@example.org").enter("/user/signup/?token=guessed", "a password of mine")


def test_a_server_that_is_not_there_is_named_with_a_remedy() -> None:
    with pytest.raises(LabelStudioUnreachableError, match=r"http://127\.0\.0\.1:9.*osmo up"):
        AnnotatorSession("http://127.0.0.1:9", "x@example.org").enter("/", "password")


def annotations(store: Store) -> pa.Table:
    stage = AnnotationStage(vocabulary(), lambda bucket: store.read(PULLS, bucket=bucket))
    made = []
    for bucket in range(store.layout.buckets):
        outcome = stage.compute(stage.needs(bucket), no_media(store))
        assert not outcome.problems
        made.append(outcome.rows)
    return current_annotations(pa.concat_tables(made))


def test_simulated_annotators_answer_every_clip_once(label_studio: LabelStudioServer, tmp_path: Path) -> None:
    store = Store.open(str(tmp_path / "store"), buckets=2)
    client, project = label_studio.client(), label_studio.project("simulated")
    clips = clips_table(tmp_path, 9, prefix="sim")
    publish(store, PublishStage(client, project, lambda _: clips), clips)
    args = {"annotators": 3, "secret": label_studio.credentials.annotator_secret, "vocabulary": vocabulary()}
    assert simulate(client.url, client.invitation(), project.project_id, **args).entered == (9, 9, 9)
    assert simulate(client.url, client.invitation(), project.project_id, **args).entered == (0, 0, 0)
    report = collect(store, client, project, label_studio.pseudonyms())
    assert report.by_source == {"simulated": 27}
    rows = annotations(store).to_pylist()
    silent = set(clips["clip_id"].to_pylist()[2::3])
    regions = [row for row in rows if row["region_id"]]
    assert {row["clip_id"] for row in regions} <= set(clips["clip_id"].to_pylist()) - silent
    assert len(regions) >= 12  # two thirds of the clips have an angry line
    assert all("anger" in emotion for row in regions for emotion in row["emotions"])
    assert all(row["cause"] and "furious" in row["cause"] for row in regions)
    assert all(1.0 <= row["end_s"] - row["start_s"] <= 25.0 for row in regions)
    assert len({(row["start_s"], row["end_s"]) for row in regions}) > 1
    statuses = [row["clip_status"] for row in rows if row["region_id"] is None]
    assert len(statuses) == 27
    assert set(statuses) == {"has_emotion", "no_emotion"}


def test_replayed_labels_are_entered_once_and_nothing_is_added_to_them(
    label_studio: LabelStudioServer, tmp_path: Path
) -> None:
    store = Store.open(str(tmp_path / "store"), buckets=2)
    client, project = label_studio.client(), label_studio.project("replayed")
    clips = clips_table(tmp_path, 3, prefix="rep")
    tasks = publish(store, PublishStage(client, project, lambda _: clips), clips)
    label = {
        "start_s": 31.0,
        "end_s": 33.5,
        "emotion": "joy",
        "sentiment": "positive",
        "intensity": None,
        "cause": None,
    }
    table = pa.Table.from_pylist(
        [
            {"clip_id": clip_id, "task_id": task_id, "start_s": 30.0, "end_s": 60.0, "labels": labels}
            for (clip_id, task_id), labels in zip(
                tasks.items(), [[label], [label | {"emotion": "neutral"}], []], strict=True
            )
        ]
    )
    session = AnnotatorSession(client.url, EMAIL).enter(client.invitation(), password(label_studio, EMAIL))
    assert replay(session, project.project_id, table, vocabulary()) == 3
    assert replay(session, project.project_id, table, vocabulary()) == 0
    assert collect(store, client, project, label_studio.pseudonyms()).by_source == {"replayed": 3}
    rows = annotations(store).to_pylist()
    (one,) = [row for row in rows if row["region_id"]]
    assert (one["start_s"], one["end_s"], one["emotions"], one["polarity"]) == (1.0, 3.5, ["joy/joy"], "positive")
    assert (one["intensity"], one["intensity_reason"], one["cause_reason"]) == (None, "not_collected", "not_collected")
    assert sorted(row["clip_status"] for row in rows if not row["region_id"]) == [
        "has_emotion", "no_emotion", "no_emotion",
    ]  # fmt: skip


def test_annotator_numbers_make_addresses_that_say_what_they_are() -> None:
    assert email_of(2) == "annotator-2@simulated.osmo.invalid"
