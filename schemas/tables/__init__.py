"""Every table of the system, by name."""

from osmo.schemas.table import Table
from osmo.schemas.tables.human import ANNOTATIONS, FINDINGS, PUBLICATIONS, PULLS, REVIEWS, VERDICTS
from osmo.schemas.tables.prescreen import CANDIDATES, CLIPS, VOTES
from osmo.schemas.tables.recordings import MEDIA, RECORDINGS, SEGMENTS
from osmo.schemas.tables.system import CONSENTS, ERASURES, PROBLEMS, RUNS
from osmo.schemas.tables.timelines import CUES, EVENTS, REASONING, SPLITS, TRAINING_INPUTS

TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        RECORDINGS, MEDIA, SEGMENTS, VOTES, CANDIDATES, CLIPS, PUBLICATIONS, PULLS, ANNOTATIONS, FINDINGS, VERDICTS,
        REVIEWS, EVENTS, CUES, REASONING, TRAINING_INPUTS, SPLITS, PROBLEMS, RUNS, CONSENTS, ERASURES,
    )
}  # fmt: skip
"""All tables, logs and views, in the order of the pipeline."""

__all__ = [
    "ANNOTATIONS", "CANDIDATES", "CLIPS", "CONSENTS", "CUES", "ERASURES", "EVENTS", "FINDINGS", "MEDIA", "PROBLEMS",
    "PUBLICATIONS", "PULLS", "REASONING", "RECORDINGS", "REVIEWS", "RUNS", "SEGMENTS", "SPLITS", "TABLES",
    "TRAINING_INPUTS", "VERDICTS", "VOTES",
]  # fmt: skip
