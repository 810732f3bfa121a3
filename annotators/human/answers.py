"""Reads a pulled annotation: regions by their id, and the answers for the clip as a whole."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from pydantic import ValidationError

from osmo.schemas import label_studio as page
from osmo.schemas.vocabulary import UnknownConceptError, Vocabulary


class UnreadableAnnotationError(ValueError):
    """A pulled annotation does not have the form that the labelling page gives."""

    def __init__(self, problem: str) -> None:
        self.problem = problem
        super().__init__(f"annotation cannot be read: {problem}")


@dataclass
class RegionAnswer:
    """What an annotator said of one region; null or empty: nothing.

    Attributes:
        start_s: Start, seconds from the clip's start; null: the region has no times.
        end_s: End; may lie before the start: a rule refuses that, not this reader.
        emotions: Concept ids, sorted.
        own_words: As they were written, and chosen words that the vocabulary does not know.
        uncertain: Whether the region was marked as uncertain.
    """

    region_id: str
    start_s: float | None = None
    end_s: float | None = None
    emotions: set[str] = field(default_factory=set)
    own_words: list[str] = field(default_factory=list)
    uncertain: bool = False
    polarity: str | None = None
    intensity: int | None = None
    cause: str | None = None


@dataclass
class ClipAnswer:
    """What an annotator said of the clip as a whole, and of its regions in order of time."""

    pulled: page.Pulled
    clip_status: str | None = None
    note: str | None = None
    regions: list[RegionAnswer] = field(default_factory=list)


def read_answer(payload: str, vocabulary: Vocabulary) -> ClipAnswer:
    """Read the payload of a pull.

    Raises:
        UnreadableAnnotationError: It is no annotation, or a control holds what it cannot hold.
    """
    try:
        pulled = page.Pulled.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise UnreadableAnnotationError(f"{where} {first['msg']}, got {str(first['input'])[:80]!r}") from error
    answer = ClipAnswer(pulled)
    regions: dict[str, RegionAnswer] = {}
    for result in pulled.result:
        if result.from_name == page.CLIP_STATUS:
            answer.clip_status = _one_of(result, page.CLIP_STATUSES)
        elif result.from_name == page.NOTE:
            answer.note = _text(result)
        elif result.from_name in _READERS:
            if not result.id:
                raise UnreadableAnnotationError(f"{result.from_name} belongs to no region")
            region = regions.setdefault(result.id, RegionAnswer(result.id))
            if result.value.start is not None and result.value.end is not None:
                region.start_s, region.end_s = result.value.start, result.value.end
            _READERS[result.from_name](region, result, vocabulary)
    answer.regions = sorted(regions.values(), key=lambda r: (r.start_s is None, r.start_s, r.end_s, r.region_id))
    return answer


def _episode(region: RegionAnswer, result: page.Result, vocabulary: Vocabulary) -> None:
    region.uncertain = region.uncertain or "uncertain" in (result.value.labels or [])


def _emotion(region: RegionAnswer, result: page.Result, vocabulary: Vocabulary) -> None:
    for path in result.value.taxonomy or []:
        if not path:
            continue
        try:
            region.emotions.add(vocabulary.get(path[-1]).id)
        except UnknownConceptError:  # of an older page, or typed past it: kept as the annotator's own word
            _own(region, path[-1], vocabulary)


def _own_words(region: RegionAnswer, result: page.Result, vocabulary: Vocabulary) -> None:
    for text in _texts(result):
        _own(region, text, vocabulary)


def _own(region: RegionAnswer, text: str, vocabulary: Vocabulary) -> None:
    region.own_words.append(text)
    region.emotions.update(vocabulary.normalise(text).concepts)


def _polarity(region: RegionAnswer, result: page.Result, vocabulary: Vocabulary) -> None:
    region.polarity = _one_of(result, page.POLARITIES)


def _intensity(region: RegionAnswer, result: page.Result, vocabulary: Vocabulary) -> None:
    chosen = _one_of(result, page.INTENSITIES)
    region.intensity = int(chosen) if chosen else None


def _cause(region: RegionAnswer, result: page.Result, vocabulary: Vocabulary) -> None:
    region.cause = _text(result)


_READERS: dict[str, Callable[[RegionAnswer, page.Result, Vocabulary], None]] = {
    page.EPISODE: _episode,
    page.EMOTION: _emotion,
    page.OWN_WORDS: _own_words,
    page.POLARITY: _polarity,
    page.INTENSITY: _intensity,
    page.CAUSE: _cause,
}


def _one_of(result: page.Result, allowed: Iterable[str]) -> str | None:
    chosen = result.value.choices or []
    if not chosen:
        return None
    if len(chosen) > 1 or chosen[0] not in allowed:
        raise UnreadableAnnotationError(f"{result.from_name} is {chosen}, expected one of {list(allowed)}")
    return chosen[0]


def _texts(result: page.Result) -> list[str]:
    text = result.value.text
    listed = [text] if isinstance(text, str) else text or []
    return [entry.strip() for entry in listed if entry.strip()]


def _text(result: page.Result) -> str | None:
    return "\n".join(_texts(result)) or None
