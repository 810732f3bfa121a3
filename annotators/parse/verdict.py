"""From claims to one label, or to the reason why there is none."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from osmo.annotators.parse.claims import FINAL, NAMED, PRIMARY, SAID, SECONDARY, Claim, Claims
from osmo.annotators.parse.persons import OTHER, WEARER
from osmo.annotators.parse.reading import Reading
from osmo.schemas.vocabulary import EKMAN_LABELS


def abstain(reason: str) -> Reading:
    """An abstention."""
    return Reading(None, reason, None)


def one_of(found: Iterable[str], labels: Collection[str], extraction: str) -> Reading:
    """The label, if only one was found and the model can answer it.

    Args:
        found: Labels that were found, at least one.
        labels: Those that the model can answer.
        extraction: How they were read.
    """
    said = set(found)
    distinct = [label for label in EKMAN_LABELS if label in said]
    if len(distinct) > 1:
        return abstain(f"contradiction: {', '.join(distinct)}")
    if distinct[0] not in labels:
        return abstain(f"unsupported: {distinct[0]}")
    return Reading(distinct[0], None, extraction)


def decide(claims: Claims, labels: Collection[str]) -> Reading:
    """What claims come to.

    The answer itself goes before what is named as the emotion, and this before what is said in passing; within each,
    what is said of the wearer goes before what is said of nobody, and main emotions before others. Claims of equal
    standing that differ are a contradiction.
    """
    if claims.instruction:
        return abstain("instruction: the reply gives orders to its reader")
    own = [claim for claim in claims.made if claim.dropped is None and claim.who != OTHER]
    for level in (FINAL, NAMED, SAID):
        at_level = [claim for claim in own if claim.level == level]
        settled = [claim for claim in at_level if claim.settled]
        if settled:
            return one_of((claim.value for claim in _standing(settled)), labels, "alias")
        if at_level and level > SAID:
            return abstain(f"unsupported: {_listed(at_level)}")
    return abstain(_reason(claims, own))


def _standing(claims: Sequence[Claim]) -> Sequence[Claim]:
    """Those that stand above the others."""
    kept = [claim for claim in claims if claim.who == WEARER] or claims
    for ranks in ((PRIMARY,), (PRIMARY, SECONDARY - 1)):
        ranked = [claim for claim in kept if claim.rank in ranks]
        if ranked:
            kept = ranked
            break
    shares = [claim.share for claim in kept]
    if None not in shares and len({claim.value for claim in kept}) > 1:
        most = max(share for share in shares if share is not None)
        return [claim for claim in kept if claim.share == most]
    return kept


def _reason(claims: Claims, own: Sequence[Claim]) -> str:
    if claims.refused is not None:
        return f"refused: {claims.refused}"
    if own:
        return f"unsupported: {_listed(own)}"
    others = [claim for claim in claims.made if claim.dropped is None and claim.settled]
    if others:
        return f"other_person: {_listed(others)}"
    for dropped in ("options", "negated"):
        such = [claim for claim in claims.made if claim.dropped == dropped]
        if such:
            return f"{dropped}: {_listed(such)}"
    return "unclear: no word names a label"


def _listed(claims: Iterable[Claim]) -> str:
    return ", ".join(list(dict.fromkeys(claim.value for claim in claims))[:8])
