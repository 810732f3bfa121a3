"""Voter: emotion words, phrases, interjections and marks in the segment's own words."""

from __future__ import annotations

from collections.abc import Sequence

from osmo.annotators.embedded.decision import PARAMETERS, abstain, decide, describe
from osmo.annotators.embedded.matching import evidence_key, lexicon_for
from osmo.annotators.voter import Ballot, Sees, Utterance
from osmo.schemas.endpoints import NO_MODELS, Models
from osmo.schemas.keys import fingerprint
from osmo.storage.media import Media

NAME = "lexicon"
CODE_VERSION = 1


class LexiconVoter:
    """Says the label with the most evidence among the segment's own words."""

    name: str = NAME
    prompt_sha: str | None = None
    sees: Sees = "text"

    @property
    def revision(self) -> str:
        """Hash of the lexicons, the decision's thresholds and the code's version."""
        return fingerprint(NAME, CODE_VERSION, {"evidence": evidence_key(), **PARAMETERS})

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot]:
        """One ballot per utterance, in order; the sound is not heard."""
        return [_ballot(utterance) for utterance in utterances]


def create_voter(_models: Models = NO_MODELS) -> LexiconVoter:
    """The voter."""
    return LexiconVoter()


def _ballot(utterance: Utterance) -> Ballot:
    words = lexicon_for(utterance.language)
    if words is None:
        return abstain(f"language: {utterance.language or 'unknown'} has no lexicon")
    if not utterance.text.strip():
        return abstain("empty: no words")
    reading = words.read(utterance.text)
    scores = reading.scores()
    return decide(scores, words=reading.words, raw_text=describe(scores, reading.hits), rule=NAME)
