"""What the contract test asks a sidecar: everything that prescreen/1 says, on media of its own making."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import get_args

import httpx
from pydantic import SecretStr

from osmo.annotators.servers.backend import LABELS, Modality
from osmo.annotators.servers.check_media import data_uri, grey_mp4, tone_wav
from osmo.annotators.servers.checking import Check, Result, Server, failed, passed, skipped
from osmo.annotators.transports.failures import retry_after
from osmo.schemas.prescreen_contract import Info, Item, Items, Prediction, Predictions

AT_ONCE = 16
"""Requests that are sent at the same time."""

LONGEST_SENT_S = 900.0
"""A clip that is too long is made only where the limit is shorter than this."""

_PROMPT = (
    "What does the person behind the camera, who is the wearer, feel? Answer with one of: {labels}. They say: {said}"
)
_SAID = (
    ("en", "I got the job! This is wonderful, I am so happy."),
    ("zh", "太好了，我真的很高兴！"),
    ("en", "No. No, please, it cannot be true."),
    ("zh", "我好难过，一个人回家了。"),
)
_SERVE = "See the sidecar's log; annotators/servers/sidecar.py serves a backend as the contract says."


@dataclass(frozen=True)
class SidecarServer(Server):
    """A sidecar under test."""

    @cached_property
    def info(self) -> Info:
        """What it says of itself."""
        reply = self.answered(self.http.get("/v1/info"), "Is this the address of a sidecar?")
        return Info.model_validate_json(reply.content)

    @cached_property
    def items(self) -> list[Item]:
        """English and Mandarin segments, at most four and as many as one request may hold."""
        return [self.item(f"segment-{number}", *one) for number, one in enumerate(_SAID)][: self.info.max_batch]

    def item(self, segment_id: str, language: str, said: str, **changed: str | None) -> Item:
        """One segment, with media of 2 s of each kind that the model uses."""
        media = {f"{kind}_uri": self.media(kind, 2.0) for kind in self.kinds}
        fields: dict[str, object] = {
            "segment_id": segment_id,
            "transcript": said,
            "language": language,
            "labels": list(LABELS),
            "prompt_id": "check",
            "prompt": _PROMPT.format(labels=", ".join(LABELS), said=said),
            **media,
            **changed,
        }
        return Item.model_validate(fields)

    @cached_property
    def kinds(self) -> list[Modality]:
        """The kinds of media that the model uses."""
        return [kind for kind in ("audio", "video") if kind in self.info.modalities]

    def media(self, kind: Modality, seconds: float) -> str:
        """Media of a kind as a data: URI."""
        return data_uri(tone_wav(seconds), "audio/wav") if kind == "audio" else data_uri(grey_mp4(seconds), "video/mp4")

    @cached_property
    def answers(self) -> list[Prediction]:
        """The answers on `items`, asked once."""
        return self.predict(self.items)

    def ask(self, items: list[Item]) -> httpx.Response:
        """The reply on items, whatever it is; a server that says 503 with Retry-After is asked again."""
        content = Items(items=items).model_dump_json()
        until = time.monotonic() + self.endpoint.timeout_s
        while True:
            reply = self.http.post("/v1/predict", content=content, headers={"Content-Type": "application/json"})
            after_s = retry_after(reply.headers.get("Retry-After"))
            if reply.status_code != 503 or after_s is None or time.monotonic() + after_s > until:
                return reply
            time.sleep(after_s)

    def predict(self, items: list[Item]) -> list[Prediction]:
        """The answers on items."""
        return Predictions.model_validate_json(self.answered(self.ask(items), _SERVE).content).items

    def refuses(self, item: Item, what: str) -> Result:
        """Whether an item is refused, with a reason, and its neighbour answered all the same."""
        reply = self.ask([item, self.items[0]] if self.info.max_batch > 1 else [item])
        expected = f"200, with status refused and the reason for {what}, and its neighbour answered"
        if reply.status_code != 200:
            return failed(self.status(reply), expected, "One item's fault must not fail a request.")
        bad, *neighbours = Predictions.model_validate_json(reply.content).items
        if bad.status != "refused" or not bad.error:
            return failed(f"status {bad.status}, error {bad.error!r}", expected, f"The sidecar must refuse {what}.")
        if any(one.status != "ok" for one in neighbours):
            return failed(f"its neighbour: {neighbours[0].status}", expected, "One item's fault must stay its own.")
        return passed(f"refused: {bad.error}")


def health(server: SidecarServer) -> Result:
    """It says that its model is loaded."""
    reply = server.http.get("/health")
    if reply.status_code != 200:
        return failed(server.status(reply), "200", "Wait until the model is loaded; see the sidecar's log.")
    return passed("200")


def info(server: SidecarServer) -> Result:
    """It says what it serves, in the contract's form."""
    one = server.info
    return passed(f"{one.contract}, {one.model_id}, {', '.join(one.modalities)}, at most {one.max_clip_s:g} s")


def identity(server: SidecarServer) -> Result:
    """It serves the model and the revision that the configuration names."""
    got = f"{server.info.model_id}@{server.info.revision}"
    wanted = server.endpoint
    expected = f"{wanted.model}@{wanted.revision or '(any)'}"
    found = (None, server.info.revision, f"sha256:{server.info.weights_sha256}")
    same = server.info.model_id == wanted.model and wanted.revision in found
    return passed(got) if same else failed(got, expected, f"Correct models.{server.name}, or serve what it names.")


def labels(server: SidecarServer) -> Result:
    """The labels that it supports are labels of ours, each once."""
    support = server.info.label_support
    if not support or len(set(support)) != len(support) or not set(support) <= set(LABELS):
        return failed(", ".join(support) or "none", f"some of {', '.join(LABELS)}", "Correct the backend's card.")
    return passed(", ".join(support))


def answers(server: SidecarServer) -> Result:
    """Every item is answered, its id kept, in order."""
    asked = [item.segment_id for item in server.items]
    got = [f"{one.segment_id}: {one.status}" for one in server.answers]
    expected = [f"{segment}: ok" for segment in asked]
    if got != expected:
        why = next((f" ({one.error})" for one in server.answers if one.error), "")
        return failed("; ".join(got) + why, "; ".join(expected), _SERVE)
    return passed("; ".join(got))


def raw_text(server: SidecarServer) -> Result:
    """What the model said is given, unchanged."""
    missing = [one.segment_id for one in server.answers if one.status == "ok" and one.raw_text is None]
    if missing:
        return failed(f"none for {', '.join(missing)}", "raw_text for every answer", _SERVE)
    return passed(f"{next((one.raw_text for one in server.answers), '')!r}")


def answered_labels(server: SidecarServer) -> Result:
    """A label that it gives is one of the item's, and says how it was read."""
    wrong = [
        f"{one.label!r}, extraction {one.extraction!r}"
        for one in server.answers
        if one.label is not None and (one.label not in LABELS or one.extraction != "constrained")
    ]
    if wrong:
        return failed(wrong[0], "null, or one of the item's labels with extraction constrained", _SERVE)
    return passed(", ".join(one.label or "null" for one in server.answers))


def repeatable(server: SidecarServer) -> Result:
    """Items asked one by one get the answers that they got together."""
    if not server.info.deterministic:
        return skipped("it says that it is not deterministic")
    together = {one.segment_id: one.raw_text for one in server.answers}
    for item in server.items:
        [alone] = server.predict([item])
        if alone.raw_text != together.get(item.segment_id):
            got = f"{item.segment_id}: together {together.get(item.segment_id)!r}, alone {alone.raw_text!r}"
            return failed(got, "equal answers", "Decode greedily, or say deterministic: false.")
    return passed(f"{len(server.items)} answers equal")


def undecodable(server: SidecarServer) -> Result:
    """Media that cannot be decoded are refused."""
    if not server.kinds:
        return skipped("it uses no media")
    kind = server.kinds[0]
    noise = data_uri(b"\x00 no media \xff" * 100, "audio/wav" if kind == "audio" else "video/mp4")
    return server.refuses(server.item("noise", "en", "hello", **{f"{kind}_uri": noise}), "media that cannot be decoded")


def too_long(server: SidecarServer) -> Result:
    """A clip that is longer than max_clip_s is refused."""
    longest = server.info.max_clip_s
    if not server.kinds or longest > LONGEST_SENT_S:
        return skipped("it uses no media" if not server.kinds else f"max_clip_s is {longest:g}, too long to send")
    kind = server.kinds[0]
    long = server.item("long", "en", "hello", **{f"{kind}_uri": server.media(kind, longest + 2)})
    return server.refuses(long, "a clip that is too long")


def outside(server: SidecarServer) -> Result:
    """No file outside its folder of media can be named, and no address."""
    if not server.kinds:
        return skipped("it uses no media")
    kind = server.kinds[0]
    for uri in ("file:///etc/hostname", "file:///proc/self/../../etc/hostname", "http://127.0.0.1:9/x.wav"):
        result = server.refuses(server.item("outside", "en", "hello", **{f"{kind}_uri": uri}), uri)
        if result.outcome != "passed":
            return result
    return result


def oversized(server: SidecarServer) -> Result:
    """A request of more items than max_batch is refused."""
    items = [server.item(f"many-{number}", "en", "hello") for number in range(server.info.max_batch + 1)]
    reply = server.ask(items)
    if reply.status_code != 413:
        return failed(server.status(reply), f"413 for {len(items)} items", "max_batch of /v1/info must be kept.")
    return passed(server.status(reply))


def invalid(server: SidecarServer) -> Result:
    """What is no request, or asks for unknown labels, is refused with 4xx."""
    item = server.items[0].model_copy(update={"labels": ["melancholia"]})
    bodies: Mapping[str, str] = {
        "no JSON": "{",
        "no items": '{"items": []}',
        "an unknown label": Items(items=[item]).model_dump_json(),
    }
    for what, body in bodies.items():
        reply = server.http.post("/v1/predict", content=body, headers={"Content-Type": "application/json"})
        if not 400 <= reply.status_code < 500:
            return failed(f"{what}: {server.status(reply)}", "a status of 400 to 499", _SERVE)
    return passed(", ".join(bodies))


def concurrent(server: SidecarServer) -> Result:
    """Requests that come at once are all answered, each with its own answer."""
    items = [server.item(f"at-once-{number}", *_SAID[number % len(_SAID)]) for number in range(AT_ONCE)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        replies = list(threads.map(lambda item: server.ask([item]), items))
    wrong = [reply for reply in replies if reply.status_code != 200]
    if wrong:
        return failed(f"{len(wrong)} of {AT_ONCE}: {server.status(wrong[0])}", "200 for each", _SERVE)
    got = [Predictions.model_validate_json(reply.content).items[0].segment_id for reply in replies]
    if got != [item.segment_id for item in items]:
        return failed("answers of other requests", "each request's own", "Batches must be taken apart in order.")
    return passed(f"{AT_ONCE} requests at once, all answered")


def key(server: SidecarServer) -> Result:
    """Without the key nothing is answered."""
    return wrong_key(server, "/v1/info")


def wrong_key(server: Server, path: str) -> Result:
    """Whether another key is refused; skipped where the configuration names none."""
    if server.key is None:
        return skipped("the configuration names no key")
    with server.client(SecretStr("another")) as client:
        reply = client.get(path)
    if reply.status_code not in (401, 403):
        return failed(f"{reply.status_code} with another key", "401 or 403", "Start the server with its key.")
    return passed(f"{reply.status_code} with another key")


def latency(server: SidecarServer) -> Result:
    """How long one item and one full request take."""
    took: list[float] = []
    for items in (server.items[:1], server.items):
        started = time.perf_counter()
        server.predict(items)
        took.append((time.perf_counter() - started) * 1000)
    return passed(f"{took[0]:.0f} ms for one item, {took[1]:.0f} ms for {len(server.items)} together")


SIDECAR_CHECKS: tuple[Check[SidecarServer], ...] = tuple(
    Check(check.__name__, check)
    for check in (
        health, info, identity, labels, answers, raw_text, answered_labels, repeatable, undecodable, too_long, outside,
        oversized, invalid, concurrent, key, latency,
    )
)  # fmt: skip
"""In the order in which they are made."""

assert set(get_args(Modality)) == {"audio", "video", "text"}
