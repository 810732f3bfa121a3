"""What machines thought of the segments, and the clips that people are asked about."""

import pyarrow as pa

from osmo.schemas.table import Column, Table

VOTES = Table(
    "votes",
    "log",
    "One row per (segment, annotator): a label, or an abstention with its reason. Sorted by segment_id in a part.",
    (
        Column("recording_id", pa.string(), "The recording"),
        Column("segment_id", pa.string(), "The segment"),
        Column("annotator", pa.string(), "Name of the voter"),
        Column("model_revision", pa.string(), "Revision of its model or lexicon"),
        Column("prompt_sha", pa.string(), "Hash of its prompt; null for a voter without one", True),
        Column("label", pa.string(), "Ekman six or neutral; null: abstained", True),
        Column("abstain_reason", pa.string(), "Why it abstained", True),
        Column("raw_text", pa.string(), "What it answered, or the evidence it counted, unchanged", True),
        Column("extraction", pa.string(), "How the label was read from the answer", True),
        Column("confidence", pa.float64(), "Its own confidence, 0–1; null: gives none", True),
        Column("latency_ms", pa.float64(), "Time per segment", True),
        Column("tokens_in", pa.int64(), "Prompt tokens; null without a language model", True),
        Column("tokens_out", pa.int64(), "Answer tokens; null without a language model", True),
        Column("attempts", pa.int32(), "Requests made, retries included; null: not counted", True),
    ),
)

CANDIDATES = Table(
    "candidates",
    "view",
    "One row per segment on which every active voter has a row: the majority vote. One label_<voter> column per voter.",
    (
        Column("segment_id", pa.string(), "The segment"),
        Column("recording_id", pa.string(), "The recording"),
        Column("start_s", pa.float64(), "Start, seconds from the recording's start"),
        Column("end_s", pa.float64(), "End, seconds from the recording's start"),
        Column("speaker", pa.string(), "wearer, other or unknown"),
        Column("label", pa.string(), "The label with at least quorum votes; null: none", True),
        Column("votes_for", pa.int8(), "Votes of the most frequent label"),
        Column("votes_cast", pa.int8(), "Votes that are not abstentions"),
        Column("kept", pa.bool_(), "votes_for ≥ quorum, label not neutral, speaker not other"),
        Column(
            "dropped_reason", pa.string(), "below_quorum, neutral, other_speaker or outside_media; null: kept", True
        ),
    ),
)

CLIPS = Table(
    "clips",
    "log",
    "Context windows that people label. A row is frozen: later candidates attach to it or make clips elsewhere.",
    (
        Column("clip_id", pa.string(), "Hash of recording and times"),
        Column("recording_id", pa.string(), "The recording"),
        Column("start_s", pa.float64(), "Start, whole seconds from the recording's start"),
        Column("end_s", pa.float64(), "End, seconds from the recording's start"),
        Column("segment_ids", pa.list_(pa.string()), "Candidates inside it when it was made"),
        Column("labels", pa.list_(pa.string()), "Their prescreen labels, for ranking; never shown to a person"),
    ),
    human=True,
)
