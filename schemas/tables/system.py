"""What the system says of itself: problems, runs, consents and erasures."""

import pyarrow as pa

from osmo.schemas.table import TIMESTAMP, Column, Table

PROBLEMS = Table(
    "problems",
    "log",
    "Everything quarantined or failed. Of several rows of one (stage, key) the latest counts.",
    (
        Column("recording_id", pa.string(), "The recording, or what stands for it where none could be read"),
        Column("stage", pa.string(), "The stage that failed"),
        Column("key", pa.string(), "Input key of the row that failed, or the object that was quarantined"),
        Column("attempt", pa.int32(), "Which attempt this was, from 1"),
        Column("status", pa.string(), "failed (left to try again), permanent, quarantined, warning or reopened"),
        Column("what", pa.string(), "What happened, in one line"),
        Column("where", pa.string(), "File, object, row or address"),
        Column("remedy", pa.string(), "What to do about it"),
    ),
)

RUNS = Table(
    "runs",
    "log",
    "One row per run of a stage over a bucket.",
    (
        Column("stage", pa.string(), "The stage"),
        Column("bucket", pa.int32(), "The bucket"),
        Column("rows_in", pa.int64(), "Units that were missing"),
        Column("rows_out", pa.int64(), "Rows written"),
        Column("abstained", pa.int64(), "Rows without an answer, with their reason"),
        Column("quarantined", pa.int64(), "Units that failed for good"),
        Column("failed", pa.int64(), "Units left to try again"),
        Column("seconds", pa.float64(), "Wall-clock seconds"),
        Column("attempts", pa.int64(), "Calls made, retries included"),
        Column("cost", pa.float64(), "Money, in the configured currency; 0 where nothing is paid"),
        Column("host", pa.string(), "Machine and process"),
    ),
)

CONSENTS = Table(
    "consents",
    "log",
    "What each subject agreed to.",
    (
        Column("subject_id", pa.string(), "The subject"),
        Column("scope", pa.string(), "What the consent covers"),
        Column("status", pa.string(), "given or withdrawn"),
        Column("at", TIMESTAMP, "When"),
    ),
)

ERASURES = Table(
    "erasures",
    "log",
    "Subjects and recordings that no reader may see and no stage recomputes.",
    (
        Column("subject_id", pa.string(), "The subject; null where one recording is erased", True),
        Column("recording_id", pa.string(), "The recording; null where all of a subject's are erased", True),
        Column("at", TIMESTAMP, "When"),
        Column("reason", pa.string(), "Why"),
    ),
)
