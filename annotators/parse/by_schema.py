"""From replies that no rule can read to labels: a language model reads them, by a JSON schema."""

from __future__ import annotations

from collections.abc import Sequence

from osmo.annotators.answer import Unanswered, Usage
from osmo.annotators.parse.reading import Reading
from osmo.annotators.transports.question import Chat


def read_by_schema(
    chat: Chat, replies: Sequence[str], *, labels: Sequence[str]
) -> list[tuple[Reading, Usage] | Unanswered]:
    """One reading per reply, in order, with what it took.

    A reply is data to the reading model, not instruction: delimited by a nonce and announced as such. What it answers
    is validated here, and must quote the words of the reply that say the label; else it is an abstention.
    """
    raise NotImplementedError
