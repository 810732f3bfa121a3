"""A describer whose model stands behind a chat server, or in this process.

It is given media and the language to write in, never what people felt, nor what was said. A description that names a
feeling all the same is asked for once more, with the words to do without; one that still does is kept as it is, and
who writes chains withholds it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.describer import Describes, Description, Stretch
from osmo.annotators.lmm.cleaned import LONGEST, cleaned
from osmo.annotators.lmm.feelings import feeling_words
from osmo.annotators.lmm.given import UNASKED, cannot_give
from osmo.annotators.lmm.media_parts import CACHE_ERRORS, NoMediaError, Part, picture_part, sound_part
from osmo.annotators.lmm.traits import DescriberTraits
from osmo.annotators.lmm.wording import describe_text, phrases, wording_revision
from osmo.annotators.prompt import Prompt, prompt
from osmo.annotators.transports import opening
from osmo.annotators.transports.question import Answer, Attachment, Question, Refused, Result
from osmo.annotators.transports.reaching import CHATS, reachable
from osmo.schemas.endpoints import Models
from osmo.schemas.keys import fingerprint
from osmo.storage.media import Media

CODE_VERSION = 1
LANGUAGES = ("en", "zh")
"""In which a description can be asked for, and checked; another language gets the first."""

log = logging.getLogger(__name__)

Told = Description | Unanswered


class LmmDescriber:
    """A describer that asks a large multimodal model."""

    def __init__(self, traits: DescriberTraits, models: Models) -> None:
        """Bind the describer; nothing is asked yet.

        Args:
            traits: What its file states.
            models: Where its model answers.

        Raises:
            MissingEndpointError: `models` does not say where its model answers.
            UnpinnedModelError: Its revision is not pinned.
            WrongTransportError: It stands behind a sidecar.
        """
        self._traits = traits
        self._endpoint = reachable(traits.name, models, transports=CHATS)

    @property
    def name(self) -> str:
        """The file's name."""
        return self._traits.name

    @property
    def describes(self) -> Describes:
        """What it looks at or listens to."""
        return self._traits.describes

    @property
    def prompt_sha(self) -> str:
        """Hash of its prompt."""
        return self._prompt.sha

    @property
    def revision(self) -> str:
        """`<model>@<revision>`, and a hash of everything else that a description depends on beside the prompt."""
        parameters = fingerprint(
            self.name,
            CODE_VERSION,
            {
                **self._traits.parameters,
                "wording": wording_revision(),
                "longest": LONGEST,
                "transport": self._endpoint.transport,
                "constraint": self._endpoint.constraint,
                "max_tokens": self._endpoint.max_tokens,
            },
        )
        return f"{self._endpoint.identity(self.name)}+{parameters[:16]}"

    def describe(self, stretches: Sequence[Stretch], media: Media) -> list[Told]:
        """One description per stretch, in order."""
        told = self._ask({place: (stretch, "") for place, stretch in enumerate(stretches)}, media)
        naming = {place: words for place, one in told.items() if (words := _feelings(one))}
        if naming:
            say = phrases().again[self.describes]
            asked = {place: (stretches[place], say.format(words=", ".join(naming[place]))) for place in naming}
            again = self._ask(asked, media)
            still = sum(bool(_feelings(one)) for one in again.values())
            log.info("%s: %d of %d named a feeling; asked again, %d do", self.name, len(naming), len(told), still)
            told |= {place: _better(told[place], again[place]) for place in naming}
        return [told[place] for place in range(len(stretches))]

    @property
    def _prompt(self) -> Prompt:
        return prompt(f"describe_{self.describes}")

    def _ask(self, stretches: Mapping[int, tuple[Stretch, str]], media: Media) -> dict[int, Told]:
        """What is told, by place, of each stretch with why it is asked about once more."""
        told: dict[int, Told] = {}
        places: list[int] = []

        def questions() -> Iterator[Question]:
            for place, (stretch, again) in stretches.items():
                try:
                    part = self._cut(stretch, media)
                except NoMediaError as none:
                    told[place] = Description(None, none.reason, None, UNASKED)
                except CACHE_ERRORS as error:
                    kinds = ("proxy",) if self.describes == "visual" else ("audio",)
                    told[place] = cannot_give(error, media, stretch.recording_id, kinds)
                else:
                    places.append(place)
                    yield self._question(stretch, part, again)

        for position, result in opening.chat(self.name, self._endpoint).ask_each(questions()):
            told[places[position]] = _description(result)
        return told

    def _cut(self, stretch: Stretch, media: Media) -> Part:
        recording_id, start_s = stretch.recording_id, stretch.start_s
        end_s = min(stretch.end_s, start_s + self._traits.longest_s)
        if self.describes == "acoustic":
            return sound_part(media, recording_id, start_s, end_s, longest_s=self._traits.longest_s)
        pictures = self._traits.pictures
        assert pictures is not None, "who describes what is seen says how many pictures"
        return picture_part(media, recording_id, start_s, end_s, pictures=pictures)

    def _question(self, stretch: Stretch, part: Part, again: str) -> Question:
        language = stretch.language if stretch.language in LANGUAGES else LANGUAGES[0]
        text = describe_text(self._prompt, seconds=part.seconds, language=language or LANGUAGES[0], again=again)
        attachment = Attachment(
            "video" if self.describes == "visual" else "audio", partial(bytes, part.content), part.seconds
        )
        return Question(self._prompt.system, text, (attachment,))


def _description(result: Result) -> Told:
    if isinstance(result, Unanswered):
        return result
    if isinstance(result, Refused):
        return Description(None, result.reason, result.raw, result.usage)
    assert isinstance(result, Answer)
    text, reason = cleaned(result.text, cut=result.finish == "length")
    return Description(text, reason, result.text, result.usage)


def _feelings(told: Told) -> list[str]:
    return feeling_words(told.text) if isinstance(told, Description) and told.text is not None else []


def _better(first: Told, second: Told) -> Told:
    """The second, unless it says nothing; what it took counts with the first."""
    assert isinstance(first, Description)
    if isinstance(second, Unanswered):
        return replace(second, attempts=first.usage.attempts + second.attempts)
    usage: Usage = first.usage + second.usage
    return replace(first if second.text is None else second, usage=usage)
