"""One request to a sidecar, tried with the items that are still open: what each of them came to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from osmo.annotators.answer import NOTHING, Unanswered, Usage
from osmo.annotators.transports.exchange import Reply, read_json
from osmo.annotators.transports.failures import FailedTryError, Failure, causes
from osmo.annotators.transports.question import Refused
from osmo.annotators.transports.request import Got
from osmo.annotators.transports.said import LONGEST_RAW, Hidden
from osmo.schemas.prescreen_contract import MAX_RAW_CHARS, Item, Items, Prediction


class Predicted(Prediction):
    """A prediction with status ok, and what it took."""

    usage: Usage = NOTHING


class _Reply(BaseModel):
    # Items are validated one by one, so that one that cannot be read costs only itself.
    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    items: Annotated[list[JsonValue], Field()]


class Predicting:
    """A request for several items; a try sends those that have no answer yet."""

    path = "/v1/predict"

    def __init__(self, items: Sequence[Item]) -> None:
        """Bind it.

        Args:
            items: Each with a segment_id of its own.
        """
        self._open = {item.segment_id: item for item in items}
        self._ended: dict[str, Predicted | Refused] = {}
        self._faults: dict[str, list[Failure]] = {item.segment_id: [] for item in items}
        self._tries = 0

    @property
    def texts(self) -> tuple[str, ...]:
        """Prompts and transcripts."""
        return tuple(text for item in self._open.values() for text in (item.prompt, item.transcript) if text)

    def body(self) -> bytes:
        """The items that are open."""
        self._tries += 1
        return Items(items=list(self._open.values())).model_dump_json().encode("utf-8")

    def read(self, reply: Reply, hidden: Hidden) -> None:
        """Take what can be read.

        Raises:
            FailedTryError: Items are still open.
        """
        said = read_json(reply, _Reply, hidden).items
        faults = self._read_items(said)
        for segment_id, fault in faults.items():
            self._faults[segment_id].append(fault)
        if faults:
            worst = next((one for one in faults.values() if one.cause.name == "failed"), next(iter(faults.values())))
            raise FailedTryError(worst)

    def result(self, item: Item, ended: Got[None] | Refused | Unanswered) -> Predicted | Refused | Unanswered:
        """What an item came to.

        Args:
            item: One of the request's.
            ended: How the request ended.
        """
        settled = self._ended.get(item.segment_id)
        if settled is not None:
            return settled
        assert not isinstance(ended, Got), "a request with open items has failed"
        faults = self._faults[item.segment_id]
        attempts = ended.attempts if isinstance(ended, Unanswered) else ended.usage.attempts
        gone = isinstance(ended, Unanswered) and ended.gone
        if not gone and len(faults) == self._tries and all(one.cause.outcome == "unreadable" for one in faults):
            return Refused(f"unreadable: {faults[-1].line}", faults[-1].raw, Usage(attempts=attempts))
        return ended

    def _read_items(self, said: Sequence[JsonValue]) -> dict[str, Failure]:
        """Settle what can be settled; gives what is wrong with the others, by segment_id."""
        found: dict[str, list[JsonValue]] = {}
        for one in said:
            segment_id = one.get("segment_id") if isinstance(one, dict) else None
            if isinstance(segment_id, str):
                found.setdefault(segment_id, []).append(one)
        foreign = sum(len(ones) for segment_id, ones in found.items() if segment_id not in self._open)
        faults: dict[str, Failure] = {}
        for segment_id, item in list(self._open.items()):
            ones = found.get(segment_id, [])
            if len(ones) != 1:
                beside = f", and {foreign} that nobody asked for" if foreign else ""
                line = f"{len(ones)} predictions for one item{beside}; expected one"
                faults[segment_id] = Failure(causes()["schema"], line)
                continue
            ended = _settle(item, ones[0], self._tries)
            if isinstance(ended, Failure):
                faults[segment_id] = ended
            else:
                self._ended[segment_id] = ended
                del self._open[segment_id]
        return faults


def _settle(item: Item, said: JsonValue, attempts: int) -> Predicted | Refused | Failure:
    try:
        one = Prediction.model_validate(said)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        line = f"the prediction is not of the form expected: {'.'.join(map(str, first['loc']))}: {first['msg']}"
        return Failure(causes()["schema"], line[:200])
    raw = None if one.raw_text is None else one.raw_text[:MAX_RAW_CHARS]
    usage = Usage(one.tokens_in, one.tokens_out, one.latency_ms, attempts)
    why = " ".join((one.error or "it does not say why").split())[:200]
    if one.status == "failed":
        return Failure(causes()["failed"], f"the sidecar failed: {why}")
    if one.status == "refused":
        return Refused(f"refused: {why}", None if raw is None else raw[:LONGEST_RAW], usage)
    if raw is None:
        return Failure(causes()["schema"], "the prediction is ok and has no raw_text")
    if one.label is not None and one.label not in item.labels:
        return Failure(causes()["schema"], f"label {one.label[:40]!r} is none of those asked for", raw[:LONGEST_RAW])
    return Predicted(**{**one.model_dump(), "raw_text": raw, "usage": usage})
