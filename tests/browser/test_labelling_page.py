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

import pyarrow as pa
import pyarrow.csv
import pytest
from label_studio_server import CLIPS_WITH_MEDIA, LabelStudioServer, no_media, publish
from playwright.sync_api import Browser, Page, Response, expect, sync_playwright
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

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
DRAG_WAIT_MS = 15_000
MODEL_SAID = "said-by-a-model"
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
    expect.set_options(timeout=WAIT_MS)
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
    stage = PublishStage(client, project, lambda _: clips, fetch=cache.path)
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
    clips = pa.Table.from_pylist([row | {"fps": shown["fps"], "language": "zh"}], schema=CLIPS_WITH_MEDIA)
    return clips.append_column("label", pa.array([MODEL_SAID]))  # what must never reach the page


def test_an_annotator_labels_a_clip_and_exactly_that_is_collected(labelling: Round, browser: Browser) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 1100}, locale="en-US")
    context.set_default_timeout(WAIT_MS)
    page = context.new_page()
    sign_up(page, labelling)
    answers = heard(page)
    open_clip(page, labelling)
    drag(page, *DRAG_S)
    choose_emotion(page, "恼火")
    write(page, reply.OWN_WORDS, "窝火")
    hotkey(page, "negative 消极", "q")
    hotkey(page, "3 strong 强", "9")
    write(page, reply.CAUSE, "他又迟到了两个小时，佩戴者觉得不被尊重。")
    hotkey(page, "has emotion 有情绪", "j")
    nothing_of_a_model(page, labelling, answers)
    submit(page, labelling)
    context.close()

    report = collect(labelling.store, labelling.server.client(), labelling.project, labelling.server.pseudonyms())
    assert report.by_source == {"person": 1}
    whole, region = collected(labelling.store)
    assert (whole["clip_id"], whole["clip_status"], whole["note"]) == (labelling.clip_id, "has_emotion", None)
    assert [region["start_s"], region["end_s"]] == pytest.approx(DRAG_S, abs=0.3)
    assert region["emotions"] == ["anger/annoyance"]
    assert region["own_words"] == ["窝火"]
    assert (region["polarity"], region["intensity"], region["uncertain"]) == ("negative", 3, False)
    assert region["cause"] == "他又迟到了两个小时，佩戴者觉得不被尊重。"
    assert region["source"] == "person"
    assert EMAIL not in labelling.store.read(PULLS)["payload"][0].as_py()


def sign_up(page: Page, labelling: Round) -> None:
    page.goto(labelling.server.url + labelling.server.client().invitation())
    page.fill("input[name=email]", EMAIL)
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Create Account").click()
    page.wait_for_url(lambda url: "/user/" not in url)


def heard(page: Page) -> list[Response]:
    """Every answer of the API to the labelling page, as they come."""
    answers: list[Response] = []

    def keep(answer: Response) -> None:
        if "/api/" in answer.url and "labeling=1" in page.url:
            answers.append(answer)

    page.on("response", keep)
    return answers


def open_clip(page: Page, labelling: Round) -> None:
    """Open the label stream, and wait until all that an annotator needs is there."""
    page.goto(f"{labelling.server.url}/projects/{labelling.project.project_id}/data?labeling=1")
    guide = page.locator(".lsf-modal-ls__content")
    expect(guide).to_contain_text("佩戴者")
    guide.get_by_role("button", name="Close modal").click()
    expect(guide).to_be_hidden()
    for text in labelling.lines:
        expect(page.get_by_test_id("phrases-wrapper")).to_contain_text(text)
    page.wait_for_function("() => document.querySelector('video')?.readyState >= 2", timeout=WAIT_MS)
    expect(page.get_by_test_id("timebox-end-time").get_by_role("textbox")).to_have_value("00:00:20:000")


def drag(page: Page, start_s: float, end_s: float) -> None:
    """Mark a region on the waveform with the first label."""
    page.keyboard.press("1")
    expect(page.locator(".lsf-label_selected")).to_contain_text("emotion")
    box = page.locator(".lsf-audio-tag canvas").bounding_box()
    assert box is not None
    per_s = box["width"] / (CLIP_END_S - CLIP_START_S)
    y = box["y"] + box["height"] * 0.6  # above it lies the ruler
    region = page.locator(".lsf-outliner-tree").get_by_text("emotion")
    for tries_left in (2, 1, 0):
        page.mouse.move(box["x"] + start_s * per_s, y)
        page.mouse.down()
        page.mouse.move(box["x"] + end_s * per_s, y, steps=20)
        page.mouse.up()
        try:
            region.wait_for(timeout=DRAG_WAIT_MS)
            break
        except PlaywrightTimeoutError:  # a waveform that is still being drawn takes no drag: people drag again
            if not tries_left:
                raise
    region.click()
    expect(page.locator(".osmo-region")).to_be_visible()


def choose_emotion(page: Page, word: str) -> None:
    """Search the taxonomy, and pick the one emotion that is found."""
    page.locator(".htx-taxonomy").click()
    page.get_by_placeholder("Search", exact=True).fill(word)
    found = page.locator(".ant-select-tree-treenode").filter(has_text=word)
    expect(found).to_have_count(1)
    found.locator(".ant-select-tree-checkbox").click()
    expect(page.locator(".htx-taxonomy .ant-select-selection-item")).to_contain_text(word)
    page.keyboard.press("Escape")


def write(page: Page, control: str, text: str) -> None:
    field = page.locator(f"[name={control}]")
    field.fill(text)
    field.press("Enter")
    expect(page.get_by_test_id("detailed-region")).to_contain_text(text)


def hotkey(page: Page, shown: str, key: str) -> None:
    page.keyboard.press(key)
    expect(page.get_by_role("checkbox", name=shown)).to_be_checked()


def submit(page: Page, labelling: Round) -> None:
    with page.expect_response(re.compile(rf"/api/tasks/{labelling.task_id}/annotations")) as sent:
        page.get_by_test_id("bottombar-submit-button").click()
    assert sent.value.status == 201, sent.value.text()


def nothing_of_a_model(page: Page, labelling: Round, answers: list[Response]) -> None:
    """Neither what is on the page nor what the server answered holds more than the fields of a task."""
    assert MODEL_SAID not in page.content()
    texts = {answer.url: answer.text() for answer in answers}
    assert not [url for url, text in texts.items() if MODEL_SAID in text]
    tasks = [json.loads(text) for url, text in texts.items() if f"/api/tasks/{labelling.task_id}/?" in url]
    tasks += [json.loads(text) for url, text in texts.items() if "next_task" in url]
    assert tasks, list(texts)
    for task in tasks:
        assert task["id"] == labelling.task_id
        assert set(task["data"]) == set(TASK_FIELDS)
        assert not task["predictions"]


def collected(store: Store) -> list[dict[str, Any]]:
    stage = AnnotationStage(vocabulary(), lambda bucket: store.read(PULLS, bucket=bucket))
    outcome = stage.compute(stage.needs(0), no_media(store))
    assert not outcome.problems
    rows: list[dict[str, Any]] = current_annotations(outcome.rows).to_pylist()
    return rows
