"""Who finished which clip, and what they answered for it as a whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from osmo.tasks.qa.rule import is_region, truth

FINISHED = frozenset({"has_emotion", "no_emotion"})


@dataclass(frozen=True)
class Answers:
    """The answers for one clip as a whole.

    Attributes:
        finished: Source of the answer of each annotator who answered has_emotion or no_emotion.
        unusable: Annotators who answered unusable.
    """

    finished: dict[str, str]
    unusable: frozenset[str]

    @property
    def usable(self) -> bool:
        """Whether no majority of those who answered calls the clip unusable."""
        return len(self.unusable) <= len(self.finished)


NO_ANSWERS = Answers({}, frozenset())


def clip_answers(annotations: pa.Table) -> dict[str, Answers]:
    """The answers for each clip that has any.

    Who skipped the clip, deleted the answer or left it out has not finished. Of several annotations of one clip by
    one annotator the latest counts (revision, then annotation_id).

    Args:
        annotations: `ANNOTATIONS` body, current revisions.
    """
    counted = ~is_region(annotations) & ~truth(annotations["deleted"]) & ~truth(annotations["skipped"])
    counted &= truth(annotations["clip_status"].is_valid())
    columns = ("clip_id", "annotator_id", "revision", "annotation_id", "clip_status", "source")
    rows = annotations.select(list(columns)).take(np.flatnonzero(counted))
    rows = rows.sort_by([("revision", "ascending"), ("annotation_id", "ascending")])
    latest: dict[str, dict[str, tuple[str, str]]] = {}
    for clip_id, annotator_id, _, _, status, source in zip(*(rows[name].to_pylist() for name in columns), strict=True):
        latest.setdefault(clip_id, {})[annotator_id] = (status, source)
    return {
        clip_id: Answers(
            {who: source for who, (status, source) in said.items() if status in FINISHED},
            frozenset(who for who, (status, _) in said.items() if status == "unusable"),
        )
        for clip_id, said in latest.items()
    }
