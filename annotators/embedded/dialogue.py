"""Voter: the lexicon over the dialogue window, where the segment's own words weigh most."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from osmo.annotators.embedded.decision import MIN_SCORE, PARAMETERS, abstain, decide, describe
from osmo.annotators.embedded.matching import Reading, evidence_key, lexicon_for
from osmo.annotators.voter import Ballot, Sees, Utterance
from osmo.schemas.endpoints import NO_MODELS, Models
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


CONTEXT_SHARE = 0.5
"""Most that the turns before may add to a label, of the strongest evidence in the segment's own words."""


class DialogueVoter:
    """Says the label with the most evidence in the segment and, decayed, in the turns before it."""

    name: str = NAME
    prompt_sha: str | None = None
    sees: Sees = "dialogue"

    @property
    def revision(self) -> str:
        """Hash of the lexicons, the weights of turns, the decision's thresholds and the code's version."""
        weights = {
            "decay": DECAY,
            "same_speaker": SAME_SPEAKER,
            "other_speaker": OTHER_SPEAKER,
            "context_share": CONTEXT_SHARE,
        }
        return fingerprint(NAME, CODE_VERSION, {"evidence": evidence_key(), **weights, **PARAMETERS})

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot]:
        """One ballot per utterance, in order; the sound is not heard."""
        known: dict[tuple[str, str], Reading] = {}  # a turn is the context of several utterances
        return [_ballot(utterance, known) for utterance in utterances]


def create_voter(_models: Models = NO_MODELS) -> DialogueVoter:
    """The voter."""
    return DialogueVoter()


def _ballot(utterance: Utterance, known: dict[tuple[str, str], Reading]) -> Ballot:
    words = lexicon_for(utterance.language)
    if words is None:
        return abstain(f"language: {utterance.language or 'unknown'} has no lexicon")
    if not utterance.text.strip():
        return abstain("empty: no words")
    own = words.read(utterance.text)
    context: dict[str, float] = defaultdict(float)
    for back, turn in enumerate(reversed(utterance.dialogue)):
        same = turn.speaker == utterance.speaker == "wearer"  # others may be several people
        weight = (SAME_SPEAKER if same else OTHER_SPEAKER) * DECAY**back
        key = (words.language, turn.text)
        reading = known[key] = known.get(key) or words.read(turn.text)
        for label, score in reading.scores().items():
            context[label] += weight * score
    sums = _own_words_first(own.scores(), context)
    raw_text = f"{describe(sums, own.hits)} over {len(utterance.dialogue)} earlier turns"
    return decide(sums, words=own.words, raw_text=raw_text, rule=NAME)


def _own_words_first(own: Mapping[str, float], context: Mapping[str, float]) -> dict[str, float]:
    """Evidence per label; where the own words say something, the context of a label adds no more than a share of it."""
    strongest = max(own.values(), default=0.0)
    most = CONTEXT_SHARE * strongest if strongest >= MIN_SCORE else float("inf")
    labels = sorted({*own, *context})
    return {label: own.get(label, 0.0) + min(context.get(label, 0.0), most) for label in labels}
