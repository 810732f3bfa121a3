"""One request to a sidecar: its body read within bounds, its items checked, prepared, answered and put in order."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from fastapi import Request
from pydantic import ValidationError

from osmo.annotators.servers.backend import LABELS, Modality, Prepared, Refusal, Reply
from osmo.annotators.servers.batching import Batcher, Outcome
from osmo.annotators.servers.item_media import Kind, MediaRefusedError, MediaRules, check, fetch
from osmo.schemas.prescreen_contract import Item, Items, Prediction, Predictions


class RequestRefusedError(Exception):
    """A whole request that is not answered.

    Attributes:
        status: HTTP status.
        reason: One line.
        retry_after_s: After which another try may help; null: none will.
    """

    def __init__(self, status: int, reason: str, retry_after_s: int | None = None) -> None:
        self.status = status
        self.reason = reason
        self.retry_after_s = retry_after_s
        super().__init__(reason)


@dataclass(frozen=True)
class Desk:
    """What answers requests.

    Attributes:
        batcher: The model and its queue.
        media: What media are taken.
        modalities: What the model uses of an item; other media are not looked at.
        max_body_bytes: Longest request.
    """

    batcher: Batcher
    media: MediaRules
    modalities: tuple[Modality, ...]
    max_body_bytes: int

    async def predict(self, request: Request) -> Predictions:
        """The answers on a request's items, in order.

        Raises:
            RequestRefusedError: It is too large, no `Items`, or there is no place for it now.
        """
        started = time.perf_counter()
        batcher = self.batcher
        if (closed := batcher.condition.closed) is not None:
            raise RequestRefusedError(503, closed, None if batcher.condition.dead else 5)
        # One place before the body is read, so that bodies in memory are bounded too.
        held = self._take(1)
        try:
            items = await asyncio.to_thread(self._read, await _body(request, self.max_body_bytes))
            held += self._take(len(items) - 1)
            with tempfile.TemporaryDirectory(prefix="osmo-sidecar-") as folder:
                return Predictions(items=await self._answers(items, Path(folder), started))
        finally:
            batcher.give_back(held)

    def _take(self, count: int) -> int:
        if not self.batcher.take(count):
            most = self.batcher.max_in_hand
            raise RequestRefusedError(503, f"{self.batcher.in_hand} items are in hand, {most} at most: ask later", 1)
        return count

    def _read(self, body: bytes) -> list[Item]:
        try:
            items = Items.model_validate_json(body).items
        except ValidationError as error:
            # Without the input: it may be megabytes of media.
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            place = ".".join(str(part) for part in first["loc"]) or "body"
            raise RequestRefusedError(422, f"{place}: {first['msg']}") from error
        if len(items) > self.batcher.max_batch:
            most = self.batcher.max_batch
            raise RequestRefusedError(413, f"{len(items)} items in one request; max_batch is {most}")
        for item in items:
            if not item.labels or (unknown := sorted(set(item.labels) - set(LABELS))):
                got = f"unknown {', '.join(unknown[:3])[:80]}" if item.labels else "none"
                where = f"labels of segment {item.segment_id[:80]!r}"
                raise RequestRefusedError(422, f"{where}: {got}; expected some of {', '.join(LABELS)}")
        return items

    async def _answers(self, items: Sequence[Item], folder: Path, started: float) -> list[Prediction]:
        prepared = await asyncio.to_thread(self._prepare_all, items, folder)
        asked = self.batcher.submit([one for one in prepared if isinstance(one, Prepared)])
        answered = iter(await asyncio.gather(*(_timed(future) for future in asked)))
        refused_at = time.perf_counter()
        ends = [next(answered) if isinstance(one, Prepared) else (one, refused_at) for one in prepared]
        return [
            _prediction(item, outcome, (ended - started) * 1000)
            for item, (outcome, ended) in zip(items, ends, strict=True)
        ]

    def _prepare_all(self, items: Sequence[Item], folder: Path) -> list[Prepared | Refusal]:
        return [self._prepare(item, folder, str(number)) for number, item in enumerate(items)]

    def _prepare(self, item: Item, folder: Path, name: str) -> Prepared | Refusal:
        try:
            audio = self._media(item.audio_uri, "audio", folder, name)
            video = self._media(item.video_uri, "video", folder, name)
        except MediaRefusedError as error:
            return Refusal(str(error))
        return Prepared(
            prompt=item.prompt,
            labels=tuple(item.labels),
            language=item.language,
            transcript=item.transcript,
            audio=audio,
            video=video,
            seed=item.seed,
        )

    def _media(self, uri: str | None, kind: Kind, folder: Path, name: str) -> Path | None:
        if uri is None or kind not in self.modalities:
            return None
        path = fetch(uri, kind, folder, name, self.media)
        check(path, kind, self.media.max_clip_s)
        return path


async def _body(request: Request, most: int) -> bytes:
    """A request's body; one that is too long is not read to its end."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > most:
            raise RequestRefusedError(
                413, f"the request is longer than {most} bytes; send fewer items or shorter clips"
            )
        parts.append(part)
    return b"".join(parts)


async def _timed(future: asyncio.Future[Outcome]) -> tuple[Outcome, float]:
    return await future, time.perf_counter()


def _prediction(item: Item, outcome: Outcome, latency_ms: float) -> Prediction:
    if isinstance(outcome, Reply):
        said = outcome.text.strip().casefold()
        label = next((label for label in item.labels if label.casefold() == said), None)
        return Prediction(
            segment_id=item.segment_id,
            status="ok",
            raw_text=outcome.text,
            label=label,
            extraction=None if label is None else "constrained",
            latency_ms=latency_ms,
            tokens_in=outcome.tokens_in,
            tokens_out=outcome.tokens_out,
        )
    refused = isinstance(outcome, Refusal)
    return Prediction(
        segment_id=item.segment_id,
        status="refused" if refused else "failed",
        error=outcome.reason if isinstance(outcome, Refusal) else outcome.what,
        latency_ms=latency_ms,
    )
