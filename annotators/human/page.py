"""The labelling page, generated from the one emotion vocabulary, and the guide beside it."""

from __future__ import annotations

import importlib.resources
import re
from html import escape
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from osmo.schemas import label_studio as page
from osmo.schemas.vocabulary import Concept, Vocabulary

_POLARITY = {
    "negative": ("negative 消极", "q"),
    "neutral": ("neutral 中性", "w"),
    "positive": ("positive 积极", "e"),
    "mixed": ("mixed 混合", "t"),
}
_INTENSITY = {"1": ("1 weak 弱", "7"), "2": ("2 medium 中", "8"), "3": ("3 strong 强", "9")}
_CLIP_STATUS = {
    "has_emotion": ("has emotion 有情绪", "j"),
    "no_emotion": ("no emotion 没有情绪", "k"),
    "unusable": ("unusable 无法使用", "l"),
}
_EPISODE = {"emotion": ("#d9534f", "1"), "uncertain": ("#8a8f98", "2")}
_DYADS = "dyads 复合情绪 …"


def labelling_page(vocabulary: Vocabulary) -> str:
    """The page's configuration, in Label Studio's XML.

    Emotions carry both languages in `value`, which is what search looks at, and the concept id in `alias`, which is
    what the export holds. `clip_status` is always in sight: a required field that hides blocks Submit unseen.
    """
    view = Element("View")
    SubElement(view, "Style").text = _STYLE
    scene = SubElement(view, "View", className="osmo-scene")
    stage = SubElement(scene, "View", className="osmo-stage")
    SubElement(stage, "Video", name="video", value="$video", sync="clip", frameRate="$fps", height="300")
    SubElement(stage, "Audio", name="audio", value="$audio", sync="clip", hotkey="space", height="72", zoom="true")
    said = SubElement(scene, "View", className="osmo-dialogue")
    SubElement(said, "Header", value="Dialogue 对话", size="5")
    SubElement(
        said,
        "Paragraphs",
        {"name": "dialogue", "value": "$dialogue", "layout": "dialogue", "nameKey": "speaker", "textKey": "text"},
        sync="clip",
    )
    SubElement(view, "Header", value="1. Where does the wearer feel something? 佩戴者在哪里有情绪？", size="5")
    labels = SubElement(view, "Labels", name=page.EPISODE, toName="audio")
    for value, (colour, key) in _EPISODE.items():
        SubElement(labels, "Label", value=value, background=colour, hotkey=key)
    _region(view, vocabulary)
    _clip(view)
    indent(view)
    return tostring(view, encoding="unicode")


class LabellingPageError(ValueError):
    """A page configuration that Label Studio would refuse, or would show with a part missing."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(
            f"the labelling page is not valid: {problem}. Nothing was sent to Label Studio; "
            "mend the vocabulary (schemas/emotions.toml) or the page (annotators/human/page.py)."
        )


def check_page(config: str) -> None:
    """Refuse a configuration that breaks Label Studio's own schema, before a server sees it.

    Args:
        config: The configuration, in Label Studio's XML.

    Raises:
        LabellingPageError: It is no XML, a tag is malformed, a name is given twice, a control belongs to
            nothing, or a question that is read back is absent.
    """
    # Slow to import, and only set-up needs it.
    from label_studio_sdk._legacy import exceptions as sdk
    from label_studio_sdk.label_interface.interface import LabelInterface

    try:
        parsed = LabelInterface(config)
        parsed.validate()  # type: ignore[no-untyped-call]
    except (sdk.LabelStudioXMLSyntaxErrorSentryIgnored, sdk.LabelStudioValidationErrorSentryIgnored) as error:
        raise LabellingPageError(str(error)) from error
    held = {control.name for control in parsed.controls}
    if absent := [name for name in page.CONTROLS if name not in held]:
        raise LabellingPageError(f"it does not ask for {', '.join(absent)}")


def guide_html() -> str:
    """The guide, as the HTML that Label Studio shows before the first task."""
    text = importlib.resources.files("osmo.annotators.human").joinpath("guide.md").read_text(encoding="utf-8")
    blocks: list[str] = []
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("### "):
            blocks.append(f"<br><h3>{_inline(block[4:])}</h3>")
        elif block.startswith("1. "):
            # Label Studio's style sheet hides the numbers of a list.
            blocks += [_paragraph(entry) for entry in re.split(r"\n(?=\d+\. )", block)]
        else:
            blocks.append(_paragraph(block))
    return "".join(blocks)


def _region(view: Element, vocabulary: Vocabulary) -> None:
    """What is asked of each region; shown while one is selected."""
    shown = SubElement(view, "View", visibleWhen="region-selected", whenTagName=page.EPISODE, className="osmo-region")
    SubElement(shown, "Header", value="2. What does the wearer feel? 佩戴者有什么情绪？", size="5")
    taxonomy = SubElement(
        shown,
        "Taxonomy",
        name=page.EMOTION,
        toName="audio",
        perRegion="true",
        required="true",
        requiredMessage="Choose an emotion of the region. 请选择情绪。",
        maxUsages="5",
        leafsOnly="true",
        minWidth="380px",
        dropdownWidth="440px",
        placeholder="Choose or search 选择或搜索 …",
    )
    _emotions(taxonomy, vocabulary)
    _text(shown, page.OWN_WORDS, "Own words 自己的词", per_region=True)
    _choices(shown, page.POLARITY, _POLARITY, "Polarity 极性", per_region=True)
    _choices(shown, page.INTENSITY, _INTENSITY, "Intensity 强度", per_region=True)
    _text(shown, page.CAUSE, "Why does the wearer feel so? 原因是什么？", per_region=True, required=True)


def _clip(view: Element) -> None:
    """What is asked of the clip as a whole; always shown."""
    whole = SubElement(view, "View", className="osmo-clip")
    _choices(whole, page.CLIP_STATUS, _CLIP_STATUS, "3. The whole clip 整个片段", per_region=False)
    _text(whole, page.NOTE, "Note, if any 备注（可选）", per_region=False)


def _emotions(taxonomy: Element, vocabulary: Vocabulary) -> None:
    dyads = [concept for concept in vocabulary.concepts if concept.kind == "dyad"]
    for family in vocabulary.families:
        members = [c for c in vocabulary.concepts if c.kind == "basic" and c.family == family]
        members.sort(key=lambda concept: concept.level or 0)
        middle = vocabulary.get(vocabulary.middle(family))
        group = SubElement(taxonomy, "Choice", alias=f"family:{family}", value=f"{family} {middle.zh} …")
        for concept in members:
            _emotion(group, concept)
    group = SubElement(taxonomy, "Choice", alias="family:dyad", value=_DYADS)
    for concept in dyads:
        _emotion(group, concept)
    for concept in vocabulary.concepts:
        if concept.kind == "neutral":
            _emotion(taxonomy, concept)


def _emotion(parent: Element, concept: Concept) -> None:
    SubElement(parent, "Choice", alias=concept.id, value=f"{concept.en} {concept.zh}")


def _choices(parent: Element, name: str, options: dict[str, tuple[str, str]], title: str, *, per_region: bool) -> None:
    row = SubElement(parent, "View", className="osmo-row")
    SubElement(row, "Header", value=title, size="5")
    choices = SubElement(
        row,
        "Choices",
        name=name,
        toName="audio",
        choice="single",
        showInline="true",
        required="true",
        requiredMessage=f"{title}: please choose. 请选择。",
    )
    if per_region:
        choices.set("perRegion", "true")
    for alias, (shown, key) in options.items():
        SubElement(choices, "Choice", alias=alias, value=shown, hotkey=key)


def _text(parent: Element, name: str, title: str, *, per_region: bool, required: bool = False) -> None:
    row = SubElement(parent, "View", className="osmo-row")
    SubElement(row, "Header", value=title, size="5")
    area = SubElement(
        row, "TextArea", name=name, toName="audio", rows="1", maxSubmissions="1", editable="true", placeholder="…"
    )
    if per_region:
        area.set("perRegion", "true")
    if required:
        area.set("required", "true")
        area.set("requiredMessage", f"{title}: please write it. 请填写。")


def _paragraph(block: str) -> str:
    return "<p>" + "<br>".join(_inline(line.strip()) for line in block.splitlines()) + "</p>"


def _inline(text: str) -> str:
    safe = escape(text, quote=False)
    safe = re.sub(r"\*\*(.+?)\*\*", r"<b>\1</b>", safe)
    return re.sub(r"\*(.+?)\*", r"<i>\1</i>", safe)


def hotkeys() -> list[str]:
    """Every key of the page; one key never means two things."""
    keys = [key for options in (_POLARITY, _INTENSITY, _CLIP_STATUS) for _, key in options.values()]
    keys += [key for _, key in _EPISODE.values()]
    assert all(first != second for first, second in pairwise(sorted(keys))), "a key is given twice"
    return keys


_STYLE = """
.osmo-scene { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); gap: 16px; }
.osmo-dialogue { max-height: 440px; overflow-y: auto; }
.osmo-region { border-left: 3px solid #d9534f; padding-left: 12px; margin: 8px 0; }
.osmo-row { display: grid; grid-template-columns: 240px minmax(0, 1fr); gap: 12px; align-items: center; }
.osmo-row h5, .osmo-row .lsf-choices { margin: 4px 0; }
.osmo-clip { border-top: 1px solid #d0d4da; margin-top: 8px; padding-top: 4px; }
"""
