"""The labelling page and its guide."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from label_studio_server import LabelStudioServer

from osmo.annotators.human.page import guide_html, hotkeys, labelling_page
from osmo.annotators.human.session import taxonomy_path
from osmo.schemas import label_studio as page
from osmo.schemas.vocabulary import vocabulary


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
