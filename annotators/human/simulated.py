"""Simulated annotators: stand-ins for people in the quickstart and in tests, never a measure of anything.

They sign up like anyone, see only what the task shows, and read the wearer's lines with the vocabulary's own words.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from pydantic import JsonValue

from osmo.annotators.human.pseudonyms import SIMULATED
from osmo.annotators.human.reading import Reading, read_line
from osmo.annotators.human.session import AnnotatorSession, clip_result, password_of, region_results
from osmo.schemas.label_studio import DialogueLine, Task
from osmo.schemas.vocabulary import Vocabulary

WEARER = frozenset({"wearer", "unknown"})
_PARALLEL = 2
_MIN_S = 1.4
_MAX_S = 20.0
_MISSES = 0.08
_SAYS_OWN_WORD = 0.3
_SHIFT_S = 0.25
_MOST_REGIONS = 3


@dataclass(frozen=True)
class Simulated:
    """What the simulated annotators did: annotations entered, per annotator in order."""

    entered: tuple[int, ...]


def email_of(number: int) -> str:
    """Account of the simulated annotator of this number, from 1."""
    return f"annotator-{number}@{SIMULATED}"


def simulate(
    url: str, invitation: str, project_id: int, *, annotators: int, secret: str, vocabulary: Vocabulary
) -> Simulated:
    """Let `annotators` simulated people label every clip that they have not labelled yet.

    Args:
        url: Address of Label Studio.
        invitation: Path of its sign-up page.
        project_id: Of the labelling project.
        annotators: How many.
        secret: Their passwords derive from it.
        vocabulary: Concepts and aliases that they read with.

    Raises:
        LabelStudioUnreachableError: The server went away; run again, and they go on where they were.
    """

    def work(number: int) -> int:
        email = email_of(number)
        session = AnnotatorSession(url, email)
        try:
            session.enter(invitation, password_of(email, secret))
            waiting = session.unanswered(project_id)
            for task in waiting:
                said = simulated_result(task, number, vocabulary)
                session.annotate(task.id, said, lead_time_s=round(5 + _rng(number, task).random() * 40, 1))
            return len(waiting)
        finally:
            session.close()

    with ThreadPoolExecutor(_PARALLEL) as pool:
        return Simulated(tuple(pool.map(work, range(1, annotators + 1))))


def simulated_result(task: Task, number: int, vocabulary: Vocabulary) -> list[JsonValue]:
    """What a simulated annotator says of a task: the same for the same number and clip."""
    rng = _rng(number, task)
    clip_s = max((line.end or 0.0 for line in task.data.dialogue), default=0.0)
    felt = _felt(task.data.dialogue, task.data.language, vocabulary)
    results: list[JsonValue] = []
    if rng.random() >= _MISSES:
        for index, (line, reading) in enumerate(felt[:_MOST_REGIONS]):
            results += _region(f"sim-{index}", line, reading, clip_s, task.data.language, rng)
    return [*results, clip_result("has_emotion" if results else "no_emotion")]


def _felt(
    dialogue: Sequence[DialogueLine], language: str | None, vocabulary: Vocabulary
) -> list[tuple[DialogueLine, Reading]]:
    """The wearer's lines that tell of an emotion, most telling first; of equal ones the earlier."""
    found = [
        (line, reading)
        for line in dialogue
        if line.speaker.casefold() in WEARER and line.start is not None and line.end is not None
        if (reading := read_line(line.text, language, vocabulary)) is not None
    ]
    return sorted(found, key=lambda pair: (-pair[1].weight, pair[0].start))


def _region(
    region_id: str, line: DialogueLine, reading: Reading, clip_s: float, language: str | None, rng: random.Random
) -> list[JsonValue]:
    assert line.start is not None and line.end is not None
    middle = (line.start + line.end) / 2
    half = min(max(line.end - line.start, _MIN_S), _MAX_S) / 2
    start_s = max(0.0, middle - half + rng.uniform(-_SHIFT_S, _SHIFT_S))
    end_s = max(start_s + 1.1, min(middle + half + rng.uniform(-_SHIFT_S, _SHIFT_S), max(clip_s, line.end)))
    intensity = min(3, max(1, reading.intensity + rng.choice((-1, 0, 0, 0, 1))))
    return region_results(
        region_id,
        round(start_s, 3),
        round(end_s, 3),
        duration_s=clip_s,
        concepts=[reading.concept.id],
        own_words=[reading.word] if rng.random() < _SAYS_OWN_WORD else [],
        polarity=reading.concept.polarity,
        intensity=intensity,
        cause=_cause(line.text, reading, language, rng),
    )


def _cause(text: str, reading: Reading, language: str | None, rng: random.Random) -> str:
    quoted = text.strip()
    if language == "zh":
        form = rng.choice(
            ("佩戴者说“{quoted}”，从话里能听出{word}。", "因为当时的情况，佩戴者说了“{quoted}”，感到{word}。")
        )
        return form.format(quoted=quoted, word=reading.concept.zh)
    form = rng.choice(
        (
            "The wearer says “{quoted}” and the words show {word}.",
            "What just happened makes the wearer say “{quoted}”, which tells of {word}.",
        )
    )
    return form.format(quoted=quoted, word=reading.concept.en)


def _rng(number: int, task: Task) -> random.Random:
    return random.Random(f"{number}:{task.data.clip_id}")
