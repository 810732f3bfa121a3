"""Voter: the lexicon over the dialogue window, where the segment's own words weigh most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from osmo.annotators.embedded.decision import PARAMETERS, abstain, decide, describe
from osmo.annotators.embedded.lexicons import data_key
from osmo.annotators.embedded.matching import Reading, lexicon_for
from osmo.annotators.voter import Ballot, Sees, Utterance
from osmo.schemas.keys import fingerprint
from osmo.storage.media import Media

NAME = "dialogue"
CODE_VERSION = 1

DECAY = 0.5
"""Share of a turn's evidence that is left one turn later."""

SAME_SPEAKER = 0.6
"""Weight of the speaker's own earlier turns, before decay."""

OTHER_SPEAKER = 0.3
"""Weight of other people's turns, before decay: feelings spread, but less than they last."""


class DialogueVoter:
    """Says the label with the most evidence in the segment and, decayed, in the turns before it."""

    name: str = NAME
    prompt_sha: str | None = None
    sees: Sees = "dialogue"

    @property
    def revision(self) -> str:
        """Hash of the lexicons, the weights of turns, the decision's thresholds and the code's version."""
        weights = {"decay": DECAY, "same_speaker": SAME_SPEAKER, "other_speaker": OTHER_SPEAKER}
        return fingerprint(NAME, CODE_VERSION, {"data": data_key(), **weights, **PARAMETERS})

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot]:
        """One ballot per utterance, in order; the sound is not heard."""
        known: dict[tuple[str, str], Reading] = {}  # a turn is the context of several utterances
        return [_ballot(utterance, known) for utterance in utterances]


def create_voter() -> DialogueVoter:
    """The voter."""
    return DialogueVoter()


def _ballot(utterance: Utterance, known: dict[tuple[str, str], Reading]) -> Ballot:
    words = lexicon_for(utterance.language)
    if words is None:
        return abstain(f"language: {utterance.language or 'unknown'} has no lexicon")
    if not utterance.text.strip():
        return abstain("empty: no words")
    own = words.read(utterance.text)
    sums: dict[str, float] = defaultdict(float, own.scores())
    for back, turn in enumerate(reversed(utterance.dialogue)):
        same = turn.speaker == utterance.speaker == "wearer"  # others may be several people
        weight = (SAME_SPEAKER if same else OTHER_SPEAKER) * DECAY**back
        key = (words.language, turn.text)
        reading = known[key] = known.get(key) or words.read(turn.text)
        for label, score in reading.scores().items():
            sums[label] += weight * score
    raw_text = f"{describe(sums, own.hits)} over {len(utterance.dialogue)} earlier turns"
    return decide(sums, words=own.words, raw_text=raw_text, rule=NAME)
