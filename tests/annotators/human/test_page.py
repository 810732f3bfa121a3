"""The labelling page and its guide."""

from __future__ import annotations

import random
from collections.abc import Callable
from xml.etree import ElementTree

import pytest
from label_studio_sdk.label_interface import LabelInterface
from label_studio_server import LabelStudioServer
from pydantic import JsonValue

from osmo.annotators.human.page import LabellingPageError, check_page, guide_html, hotkeys, labelling_page
from osmo.annotators.human.replayed import replayed_result
from osmo.annotators.human.session import clip_result, region_results, taxonomy_path
from osmo.annotators.human.simulated import simulated_result
from osmo.schemas import label_studio as page
from osmo.schemas.vocabulary import EKMAN_LABELS, vocabulary


@pytest.fixture(scope="module")
def tree() -> ElementTree.Element:
    return ElementTree.fromstring(labelling_page(vocabulary()))


def test_every_concept_can_be_chosen_once_in_both_languages(tree: ElementTree.Element) -> None:
    taxonomy = tree.find(".//Taxonomy")
    assert taxonomy is not None
    shown = {choice.get("alias"): choice.get("value") for choice in taxonomy.iter("Choice")}
    for concept in vocabulary().concepts:
        assert shown[concept.id] == f"{concept.en} {concept.zh}"
    assert len(shown) == len(vocabulary().concepts) + len(vocabulary().families) + 1


def test_what_is_entered_through_the_api_shows_on_the_page(tree: ElementTree.Element) -> None:
    for concept in vocabulary().concepts:
        place: ElementTree.Element | None = tree.find(".//Taxonomy")
        for alias in taxonomy_path(concept.id):
            assert place is not None
            place = place.find(f"./Choice[@alias='{alias}']")
        assert place is not None, concept.id


def test_choices_export_what_the_reader_expects(tree: ElementTree.Element) -> None:
    for name, allowed in (
        (page.POLARITY, page.POLARITIES),
        (page.INTENSITY, page.INTENSITIES),
        (page.CLIP_STATUS, page.CLIP_STATUSES),
    ):
        control = tree.find(f".//Choices[@name='{name}']")
        assert control is not None
        assert tuple(choice.get("alias") for choice in control) == allowed
        assert control.get("required") == "true"
    assert tuple(label.get("value") for label in tree.iter("Label")) == page.EPISODE_LABELS


def test_the_required_question_of_the_clip_is_never_hidden(tree: ElementTree.Element) -> None:
    hidden = tree.find(".//View[@visibleWhen]")
    assert hidden is not None
    assert hidden.find(f".//Choices[@name='{page.CLIP_STATUS}']") is None
    assert hidden.find(f".//TextArea[@name='{page.CAUSE}']") is not None


def test_no_key_means_two_things() -> None:
    assert len(set(hotkeys())) == len(hotkeys())


def test_the_guide_is_bilingual_and_safe() -> None:
    html = guide_html()
    assert "wearer" in html
    assert "佩戴者" in html
    assert "<script" not in html
    assert "**" not in html


def test_each_item_of_the_guide_is_numbered_and_says_the_same_in_both_languages() -> None:
    items = [part.split("</p>")[0] for part in guide_html().split("<p>") if part[:1].isdigit()]
    assert [item[:2] for item in items] == ["1.", "2.", "3.", "4."]
    for item in items:
        english, mandarin = item.split("<br>")
        assert english.isascii()
        assert any("\u4e00" <= sign <= "\u9fff" for sign in mandarin)


def test_the_page_is_valid_for_label_studio() -> None:
    check_page(labelling_page(vocabulary()))


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (lambda xml: xml[:-9], "expected '>'"),
        (lambda xml: "", "Document is empty"),
        (lambda xml: xml.replace('toName="audio"', 'toName="sound"', 1), 'toName="sound" not found'),
        (lambda xml: xml.replace(f'name="{page.NOTE}"', f'name="{page.CAUSE}"'), "non-unique names"),
        (lambda xml: xml.replace("<Label value", "<Label shown"), "'value' is a required property"),
        (lambda xml: xml.replace(f'name="{page.INTENSITY}"', 'name="strength"'), "does not ask for intensity"),
        (lambda xml: "<View/>", "does not ask for episode, emotion,"),
    ],
    ids=["cut", "empty", "control-of-nothing", "name-twice", "label-without-value", "renamed-question", "no-question"],
)
def test_a_broken_page_is_refused_before_a_server_sees_it(broken: Callable[[str], str], problem: str) -> None:
    with pytest.raises(LabellingPageError, match=r"Nothing was sent to Label Studio") as caught:
        check_page(broken(labelling_page(vocabulary())))
    assert problem in caught.value.problem


@pytest.fixture(scope="module")
def sdk() -> LabelInterface:
    return LabelInterface(labelling_page(vocabulary()))


def faults(sdk: LabelInterface, result: list[JsonValue]) -> list[str]:
    """What the labelling page could not have produced in a result."""
    found = [fault for row in result for fault in sdk.validate_region(row, return_errors=True)]
    assert sdk.validate_annotation({"result": result}) is not bool(found)
    return found


def test_every_concept_polarity_and_intensity_that_we_enter_is_one_of_the_page(sdk: LabelInterface) -> None:
    for concept in vocabulary().concepts:
        said = region_results("r", 1.0, 2.0, duration_s=9.0, concepts=[concept.id], own_words=["w"], cause="c")
        assert faults(sdk, said) == []
    for polarity in page.POLARITIES:
        assert faults(sdk, region_results("r", 1.0, 2.0, duration_s=9.0, polarity=polarity, uncertain=True)) == []
    for intensity in page.INTENSITIES:
        assert faults(sdk, region_results("r", 1.0, 2.0, duration_s=9.0, intensity=int(intensity))) == []
    assert faults(sdk, [clip_result(status) for status in page.CLIP_STATUSES]) == []


def test_what_the_page_does_not_offer_is_told_apart(sdk: LabelInterface) -> None:
    said = region_results("r", 1.0, 2.0, duration_s=9.0, concepts=["anger/hangry"], polarity="sour", intensity=7)
    assert [fault.split("'")[1] for fault in faults(sdk, [*said, clip_result("perhaps")])] == [
        page.EMOTION, page.POLARITY, page.INTENSITY, page.CLIP_STATUS,
    ]  # fmt: skip


def test_simulated_annotators_enter_only_what_the_page_could_have_given(sdk: LabelInterface) -> None:
    rng = random.Random(0)
    regions = 0
    for index in range(40):
        language = ("en", "zh")[index % 2]
        words = [c.zh if language == "zh" else c.en for c in rng.sample(vocabulary().concepts, 3)]
        lines = [
            page.DialogueLine(speaker="wearer", text=f"I feel {word}!", start=4.0 * n, end=4.0 * n + 3)
            for n, word in enumerate(words)
        ]
        task = page.Task(id=index, data=page.TaskData(clip_id=f"c{index}", language=language, dialogue=lines))
        for number in (1, 2, 3):
            said = simulated_result(task, number, vocabulary())
            assert faults(sdk, said) == []
            regions += len({row["id"] for row in said if isinstance(row, dict) and "id" in row})
    assert regions > 100


@pytest.mark.parametrize("emotion", [*EKMAN_LABELS, "smug"])
def test_replayed_labels_are_entered_as_the_page_could_have_given_them(sdk: LabelInterface, emotion: str) -> None:
    label = {"start_s": 31.0, "end_s": 33.0, "emotion": emotion, "sentiment": "mixed", "intensity": 2, "cause": "Why."}
    bare = {"start_s": 40.0, "end_s": 41.0, "emotion": emotion, "sentiment": None, "intensity": None, "cause": None}
    said = replayed_result({"start_s": 30.0, "end_s": 60.0, "labels": [label, bare]}, vocabulary())
    assert faults(sdk, said) == []
    assert len(said) == (1 if emotion == "neutral" else 8)


@pytest.mark.e2e
def test_the_server_takes_the_page_and_keeps_it_as_it_is(label_studio: LabelStudioServer) -> None:
    first = label_studio.project("page")
    held = label_studio.client().find_project("page")
    assert held is not None
    assert held.label_config == labelling_page(vocabulary())
    assert held.expert_instruction == guide_html()
    assert label_studio.project("page") == first
    assert label_studio.project("page", overlap=5) == first
    changed = label_studio.client().find_project("page")
    assert changed is not None
    assert changed.maximum_annotations == 5
