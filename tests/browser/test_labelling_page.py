"""The labelling page as an annotator meets it: the real Label Studio in a real browser."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.csv
import pytest
from label_studio_server import CLIPS_WITH_MEDIA, LabelStudioServer, no_media, publish
from playwright.sync_api import Browser, Locator, Page, Response, expect, sync_playwright

from osmo.annotators.human.bootstrap import LabellingProject
from osmo.schemas import label_studio as reply
from osmo.schemas.config import MediaConfig
from osmo.schemas.keys import make_id
from osmo.schemas.tables import MEDIA, PULLS, RECORDINGS
from osmo.schemas.vocabulary import vocabulary
from osmo.storage.media import Media, MediaCache
from osmo.storage.store import Store
from osmo.tasks.annotations import AnnotationStage, current_annotations
from osmo.tasks.collect import collect
from osmo.tasks.media import ClipMediaStage, MediaStage
from osmo.tasks.publish import TASK_FIELDS, PublishStage

pytestmark = pytest.mark.e2e

SAMPLE = Path(__file__).parents[2] / "examples" / "sample" / "sample-zh-1"
CLIP_START_S, CLIP_END_S = 6.0, 26.0
DRAG_S = (3.0, 9.0)
WAIT_MS = 60_000
EMAIL, PASSWORD = "browser@example.org", "a pass phrase of mine"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@dataclass
class Round:
    """One clip of the sample on show in a project of its own, and the store that it comes from."""

    server: LabelStudioServer
    project: LabellingProject
    store: Store
    task_id: int
    clip_id: str
    lines: list[str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is absent, and under CI=true nothing is skipped for that")
        pytest.skip("chromium is absent: apt-get install chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=executable, headless=True, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture(scope="module")
def labelling(label_studio: LabelStudioServer, tmp_path_factory: pytest.TempPathFactory) -> Round:
    folder = tmp_path_factory.mktemp("browser")
    store = Store.open(str(folder / "store"), buckets=1)
    cache = MediaCache(store.objects)
    clips = sample_clip(cache)
    client, project = label_studio.client(), label_studio.project("browser", overlap=1)
    stage = PublishStage(client, project, lambda _: clips, fetch=lambda uri: cache.path(uri))
    ((clip_id, task_id),) = publish(store, stage, clips).items()
    lines = [line["text"] for line in clips["dialogue"][0].as_py()]
    return Round(label_studio, project, store, task_id, clip_id, lines)


def sample_clip(cache: MediaCache) -> pa.Table:
    """Twenty seconds of the Mandarin sample, with the labelling proxy that the pipeline makes of it."""

    def entry(name: str) -> list[dict[str, object]]:
        file = SAMPLE / name
        sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
        return [{"uri": str(file), "sha256": sha256, "bytes": file.stat().st_size, "start_s": 0.0, "duration_s": None}]

    recording = RECORDINGS.rows(
        [
            {
                "recording_id": "sample-zh-1", "dataset": "test", "duration_s": 71.926, "time_domain": "unknown",
                "synthetic": True, "metadata": "{}", "source": "folder", "source_uri": "x", "recording_key": "k",
                "video": entry("video.mp4"), "audio": entry("audio.m4a"),
            }
        ]
    )  # fmt: skip
    whole = MediaStage(cache=cache, settings=MediaConfig(), recordings=lambda _: recording)
    made = whole.compute(whole.needs(0), Media(cache, MEDIA.empty()))
    assert not made.problems
    media = Media(cache, made.rows)
    proxy = media.row("sample-zh-1", "proxy")
    assert proxy is not None
    clip_id = make_id("clip", "browser")
    wanted = {"clip_id": clip_id, "recording_id": "sample-zh-1", "proxy_sha256": proxy["sha256"]}
    times = {"start_s": CLIP_START_S, "end_s": CLIP_END_S}
    cutting = ClipMediaStage(cache=cache, clips=lambda _: pa.Table.from_pylist([wanted | times]))
    (shown,) = cutting.compute(cutting.needs(0), media).rows.to_pylist()
    dialogue = [
        line | {"start_s": line["start_s"] - CLIP_START_S, "end_s": line["end_s"] - CLIP_START_S}
        for line in pyarrow.csv.read_csv(SAMPLE / "transcript.csv").to_pylist()
        if line["start_s"] >= CLIP_START_S and line["end_s"] <= CLIP_END_S
    ]
    row = wanted | {"media_uri": shown["uri"], "media_sha256": shown["sha256"], "dialogue": dialogue}
    return pa.Table.from_pylist([row | {"fps": shown["fps"], "language": "zh"}], schema=CLIPS_WITH_MEDIA)


def test_an_annotator_labels_a_clip_and_exactly_that_is_collected(labelling: Round, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 1100}, locale="en-US")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    answers: list[tuple[str, str]] = []
    page.on("response", lambda response: answers.extend(body_of(response)))
    sign_up(page, labelling)
    open_clip(page, labelling)
    drag(page, *DRAG_S)
    choose_emotion(page, "恼火")
    write(page, reply.OWN_WORDS, "窝火")
    hotkeys(page, "negative 消极", "q")
    hotkeys(page, "3 strong 强", "9")
    write(page, reply.CAUSE, "他又迟到了两个小时，佩戴者觉得不被尊重。")
    hotkeys(page, "has emotion 有情绪", "j")
    submit(page, labelling)
    context.close()

    report = collect(
        labelling.store, labelling.server.client(), labelling.project, labelling.server.pseudonyms()
    )
    assert report.by_source == {"person": 1}
    whole, region = annotations(labelling.store)
    assert (whole["clip_id"], whole["clip_status"], whole["note"]) == (labelling.clip_id, "has_emotion", None)
    assert [region["start_s"], region["end_s"]] == pytest.approx(DRAG_S, abs=0.3)
    assert region["emotions"] == ["anger/annoyance"]
    assert region["own_words"] == ["窝火"]
    assert (region["polarity"], region["intensity"], region["uncertain"]) == ("negative", 3, False)
    assert region["cause"] == "他又迟到了两个小时，佩戴者觉得不被尊重。"
    assert region["source"] == "person"
    assert EMAIL not in labelling.store.read(PULLS)["payload"][0].as_py()
    nothing_of_a_model(answers)


def sign_up(page: Page, labelling: Round) -> None:
    page.goto(labelling.server.url + labelling.server.client().invitation())
    page.fill("input[name=email]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Create Account").click()
    page.wait_for_url(lambda url: "/user/" not in url)


def open_clip(page: Page, labelling: Round) -> None:
    """Open the label stream, and wait until all that an annotator needs is there."""
    page.goto(f"{labelling.server.url}/projects/{labelling.project.project_id}/data?labeling=1")
    guide = page.get_by_role("dialog")
    expect(guide).to_contain_text("佩戴者", timeout=WAIT_MS)
    page.keyboard.press("Escape")
    expect(guide).to_be_hidden()
    for text in labelling.lines:
        expect(page.get_by_test_id("phrases-wrapper")).to_contain_text(text)
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2", timeout=WAIT_MS)
    expect(page.get_by_test_id("timebox-end-time")).to_contain_text("20")


def drag(page: Page, start_s: float, end_s: float) -> None:
    """Mark a region on the waveform with the first label."""
    page.keyboard.press("1")
    box = page.get_by_test_id("waveform-audio").bounding_box()
    assert box is not None
    per_s = box["width"] / (CLIP_END_S - CLIP_START_S)
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start_s * per_s, y)
    page.mouse.down()
    page.mouse.move(box["x"] + end_s * per_s, y, steps=20)
    page.mouse.up()


def choose_emotion(page: Page, word: str) -> None:
    """Search the taxonomy, and pick the one emotion that is found."""
    page.locator(".htx-taxonomy").click()
    page.keyboard.type(word)


def write(page: Page, control: str, text: str) -> None: ...


def hotkeys(page: Page, shown: str, key: str) -> None: ...


def submit(page: Page, labelling: Round) -> None: ...


def body_of(response: Response) -> list[tuple[str, str]]: ...


def nothing_of_a_model(answers: list[tuple[str, str]]) -> None: ...
