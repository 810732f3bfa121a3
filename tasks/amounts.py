"""Amounts of a bill: work times coefficients times prices."""

from __future__ import annotations

from dataclasses import dataclass, replace

from osmo.schemas.config import OsmoConfig
from osmo.schemas.prices import EndpointPrice
from osmo.tasks.coefficients import Coefficients, coefficient_file
from osmo.tasks.spending import Spent
from osmo.tasks.workload import Work


@dataclass(frozen=True)
class Amount:
    """Calls, tokens, GPU-hours and money in the configured currency; null where it cannot be told."""

    calls: float | None = 0.0
    tokens_in: float | None = 0.0
    tokens_out: float | None = 0.0
    gpu_hours: float | None = 0.0
    money: float | None = 0.0

    def __add__(self, more: Amount) -> Amount:
        """Both together; what either cannot tell is not told."""
        pairs = zip(vars(self).values(), vars(more).values(), strict=True)
        return Amount(*(None if mine is None or theirs is None else mine + theirs for mine, theirs in pairs))


@dataclass(frozen=True)
class Own:
    """What an annotator's own rows say; a null leaves the file's coefficient in place.

    Attributes:
        tokens_in: Factor on the prompt tokens that the file foretells.
        tokens_out: Answer tokens per call.
        gpu_s: GPU-seconds per call.
    """

    tokens_in: float | None = None
    tokens_out: float | None = None
    gpu_s: float | None = None


def amount(work: Work, asked: Coefficients, price: EndpointPrice, config: OsmoConfig, own: Own = Own()) -> Amount:
    """Tokens, GPU-hours and money of some work."""
    text, cost = coefficient_file().text, config.cost
    per_char_en = text.tokens_per_char_en.value if cost.tokens_per_char_en is None else cost.tokens_per_char_en
    per_char_zh = text.tokens_per_char_zh.value if cost.tokens_per_char_zh is None else cost.tokens_per_char_zh
    tokens_in = (
        work.calls * (asked.prompt_tokens.value + asked.given_tokens.value)
        + work.audio_s * asked.audio_per_s.value
        + work.frames * asked.frame_tokens.value
        + work.chars_en * per_char_en
        + work.chars_zh * per_char_zh
    ) * (1.0 if own.tokens_in is None else own.tokens_in)
    tokens_out = work.calls * (asked.tokens_out.value if own.tokens_out is None else own.tokens_out)
    gpus = price.gpus or 1
    # A run's own time already has its idle moments in it.
    gpu_s = asked.gpu_s.value * gpus / cost.utilisation if own.gpu_s is None else own.gpu_s
    gpu_hours = work.calls * gpu_s / 3600
    return _paid(Amount(work.calls, tokens_in, tokens_out, gpu_hours), price)


def actual_amount(took: Spent, price: EndpointPrice) -> Amount:
    """What stored rows and recorded runs say."""
    gpu_hours = None if took.seconds is None else took.seconds * (price.gpus or 1) / 3600
    return _paid(Amount(took.calls, took.tokens_in, took.tokens_out, gpu_hours), price)


def _paid(taken: Amount, price: EndpointPrice) -> Amount:
    """The same with its price: of tokens where a service is paid so, of GPU-hours elsewhere."""
    if not price.by_tokens:
        hours = taken.gpu_hours
        return replace(taken, money=None if hours is None else hours * (price.gpu_hour or 0.0))
    taken = replace(taken, gpu_hours=0.0)
    if taken.tokens_in is None or taken.tokens_out is None:
        return replace(taken, money=None)
    paid = taken.tokens_in * (price.tokens_in or 0.0) + taken.tokens_out * (price.tokens_out or 0.0)
    return replace(taken, money=paid / 1e6)


def ratio_of(actual: Amount | None, foretold: Amount) -> Amount:
    """actual ÷ foretold, per measure; null where either is unknown or nothing."""
    if actual is None:
        return Amount(None, None, None, None, None)
    pairs = zip(vars(actual).values(), vars(foretold).values(), strict=True)
    return Amount(*(None if mine is None or not theirs else mine / theirs for mine, theirs in pairs))
