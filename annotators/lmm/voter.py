"""A voter whose model stands behind a chat server, behind a sidecar, or in this process.

A file beside this one states what its model is given and what it can answer (`traits.py`); the endpoint says where the
model is. Media are cut when a question is about to be sent, so thousands of segments can wait without being held. A
reply becomes a label by the choice that the server kept to, else by its words, else by the reading model that the
configuration names; what stays unread is an abstention. Decoding is greedy.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from functools import partial

from osmo.annotators.answer import Unanswered
from osmo.annotators.lmm.given import Asking, Given
from osmo.annotators.lmm.replies import Ballots, Said
from osmo.annotators.lmm.traits import VoterTraits
from osmo.annotators.lmm.wording import joined, wording_revision
from osmo.annotators.parse.reply import VERSION as READING_VERSION
from osmo.annotators.prompt import Prompt, prompt
from osmo.annotators.transports import opening
from osmo.annotators.transports.question import Attachment, Question
from osmo.annotators.transports.reaching import CHATS, reachable
from osmo.annotators.voter import Ballot, Sees, Utterance
from osmo.schemas.endpoints import Models
from osmo.schemas.keys import fingerprint
from osmo.schemas.prescreen_contract import Item
from osmo.storage.media import Media

CODE_VERSION = 1
_TYPES = {"video": "video/mp4", "audio": "audio/wav"}


class LmmVoter:
    """A voter that asks a large multimodal model."""

    def __init__(self, traits: VoterTraits, models: Models) -> None:
        """Bind the voter; nothing is asked yet.

        Args:
            traits: What its file states.
            models: Where its model answers, and the reading model's name.

        Raises:
            MissingEndpointError: `models` does not say where its model, or the reading one, answers.
            UnpinnedModelError: The revision of one of them is not pinned.
            WrongTransportError: The reading model stands behind a sidecar.
        """
        self._traits = traits
        self._models = models
        self._endpoint = reachable(traits.name, models)
        if models.reader is not None:
            reachable(models.reader, models, transports=CHATS)

    @property
    def name(self) -> str:
        """The file's name."""
        return self._traits.name

    @property
    def sees(self) -> Sees:
        """What its answer depends on."""
        return self._traits.sees

    @property
    def prompt_sha(self) -> str:
        """Hash of its prompt."""
        return self._prompt.sha

    @property
    def revision(self) -> str:
        """`<model>@<revision>`, and a hash of everything else that an answer depends on beside the prompt."""
        reader = self._models.reader
        parameters = fingerprint(
            self.name,
            CODE_VERSION,
            {
                **self._traits.parameters,
                "wording": wording_revision(),
                "transport": self._endpoint.transport,
                "constraint": self._endpoint.constraint,
                "max_tokens": self._endpoint.max_tokens,
                "reading": READING_VERSION,
                "reader": None
                if reader is None
                else [self._models.endpoint(reader).identity(reader), prompt("read_reply").sha],
            },
        )
        return f"{self._endpoint.identity(self.name)}+{parameters[:16]}"

    def vote(self, utterances: Sequence[Utterance], media: Media) -> list[Ballot | Unanswered]:
        """One ballot per utterance, in order."""
        asking = Asking(self._traits, self._prompt, utterances, media)
        results = self._predicted(asking) if self._endpoint.transport == "prescreen" else self._answered(asking)
        return Ballots(self._traits, self._models).of({**results, **asking.instead}, asking.without)

    @property
    def _prompt(self) -> Prompt:
        return prompt(self.name)

    def _answered(self, asking: Asking) -> dict[int, Said]:
        """What a chat model says, by place."""
        places: list[int] = []

        def questions() -> Iterator[Question]:
            for place in asking.places():
                given = asking.give(place)
                if given is not None:
                    places.append(place)
                    yield self._question(given)

        results = opening.chat(self.name, self._endpoint).ask_each(questions())
        return {places[position]: result for position, result in results}

    def _predicted(self, asking: Asking) -> dict[int, Said]:
        """What a sidecar says, by place."""
        places = asking.places()
        results = opening.sidecar(self.name, self._endpoint).predict(
            partial(self._item, asking, place) for place in places
        )
        return dict(zip(places, results, strict=True))

    def _question(self, given: Given) -> Question:
        attachments = tuple(
            Attachment(kind, partial(bytes, part.content), part.seconds) for kind, part in given.media.items()
        )
        return Question(self._prompt.system, given.text, attachments, choices=tuple(self._traits.words.values()))

    def _item(self, asking: Asking, place: int) -> Item:
        utterance = asking.utterances[place]
        # Where its media cannot be had, the item goes without, and what it is answered counts for nothing.
        given = asking.give(place) or Given("", {})
        uris = {
            kind: f"data:{_TYPES[kind]};base64,{b64encode(part.content).decode()}" for kind, part in given.media.items()
        }
        return Item(
            segment_id=utterance.segment_id,
            video_uri=uris.get("video"),
            audio_uri=uris.get("audio"),
            transcript=utterance.text or None,
            language=utterance.language,
            labels=list(self._traits.labels),
            prompt_id=self.prompt_sha,
            prompt=joined(self._prompt, given.text),
        )
