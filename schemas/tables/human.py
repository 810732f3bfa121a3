"""People's work and what is said of it: publications, raw pulls, annotations, findings, verdicts, reviews."""

import pyarrow as pa

from osmo.schemas.table import TIMESTAMP, Column, Table

PUBLICATIONS = Table(
    "publications",
    "log",
    "Which Label Studio task shows which clip.",
    (
        Column("clip_id", pa.string(), "The clip"),
        Column("recording_id", pa.string(), "The recording"),
        Column("instance", pa.string(), "Id of the Label Studio instance"),
        Column("project_id", pa.int64(), "Its project"),
        Column("task_id", pa.int64(), "Its task"),
        Column("media_sha256", pa.string(), "The clip's media as published"),
    ),
    human=True,
)

PULLS = Table(
    "pulls",
    "log",
    "Every state of every annotation as Label Studio gave it, e-mail addresses replaced by pseudonyms.",
    (
        Column("recording_id", pa.string(), "The recording"),
        Column("clip_id", pa.string(), "The clip"),
        Column("instance", pa.string(), "Id of the Label Studio instance"),
        Column("unique_id", pa.string(), "Label Studio's unique_id of the annotation"),
        Column("annotator_id", pa.string(), "Pseudonym"),
        Column("source", pa.string(), "person, simulated or replayed"),
        Column("updated_at", TIMESTAMP, "When the annotator last saved it"),
        Column("deleted", pa.bool_(), "Whether the annotation was gone when this was pulled"),
        Column("media_sha256", pa.string(), "The clip's media as published"),
        Column("payload", pa.string(), "The annotation as JSON"),
    ),
    human=True,
)

ANNOTATIONS = Table(
    "annotations",
    "log",
    "One row per region of each revision of each annotation, and one with a null region_id for the clip as a whole.",
    (
        Column("annotation_id", pa.string(), "Hash of the Label Studio instance and its unique_id"),
        Column("region_id", pa.string(), "Label Studio's id of the region; null: the answer for the whole clip", True),
        Column("revision", pa.int64(), "updated_at in ms since 1970: the highest counts"),
        Column("clip_id", pa.string(), "The clip"),
        Column("recording_id", pa.string(), "The recording"),
        Column("annotator_id", pa.string(), "Pseudonym"),
        Column("source", pa.string(), "person, simulated or replayed"),
        Column("start_s", pa.float64(), "Start, seconds from the clip's start; null for the whole clip", True),
        Column("end_s", pa.float64(), "End, seconds from the clip's start; null for the whole clip", True),
        Column("media_sha256", pa.string(), "The media that the times refer to"),
        Column("emotions", pa.list_(pa.string()), "Concept ids of the vocabulary", True),
        Column("own_words", pa.list_(pa.string()), "The annotator's own words", True),
        Column("uncertain", pa.bool_(), "Whether the region was marked as uncertain", True),
        Column("polarity", pa.string(), "negative, neutral, positive or mixed", True),
        Column("polarity_reason", pa.string(), "Why polarity is null: missing or not_collected", True),
        Column("intensity", pa.int8(), "1 to 3", True),
        Column("intensity_reason", pa.string(), "Why intensity is null: missing or not_collected", True),
        Column("cause", pa.string(), "Why the wearer feels so, in the annotator's words", True),
        Column("cause_reason", pa.string(), "Why cause is null: missing or not_collected", True),
        Column("clip_status", pa.string(), "has_emotion, no_emotion or unusable; null: not answered", True),
        Column("note", pa.string(), "The annotator's note on the clip", True),
        Column("skipped", pa.bool_(), "Whether the annotator skipped the clip"),
        Column("deleted", pa.bool_(), "Whether this revision is the deletion of the annotation"),
        Column("lead_time_s", pa.float64(), "Seconds that the annotator took", True),
        Column("created_at", TIMESTAMP, "When it was first saved"),
        Column("updated_at", TIMESTAMP, "When this revision was saved"),
        Column("vocabulary_version", pa.string(), "Version of the emotion vocabulary it was read with"),
        Column("content_key", pa.string(), "Content key of what the annotator said: findings and verdicts refer to it"),
    ),
    human=True,
)

_REVISION = (
    Column("annotation_id", pa.string(), "The annotation"),
    Column("region_id", pa.string(), "The region; null: the answer for the whole clip", True),
    Column("revision", pa.int64(), "The revision"),
    Column("content_key", pa.string(), "Content key of the revision"),
    Column("clip_id", pa.string(), "The clip"),
    Column("recording_id", pa.string(), "The recording"),
)

FINDINGS = Table(
    "findings",
    "view",
    "What the rules found, one row per (annotation region, rule).",
    (
        *_REVISION,
        Column("rule", pa.string(), "Name of the rule"),
        Column("severity", pa.string(), "error (not accepted) or warning"),
        Column("detail", pa.string(), "What is wrong, with its values"),
    ),
)

VERDICTS = Table(
    "verdicts",
    "log",
    "The judge's score of one annotation region.",
    (
        *_REVISION,
        Column("judge", pa.string(), "Name of the judge"),
        Column("judge_revision", pa.string(), "Revision of its model or rubric"),
        Column("prompt_sha", pa.string(), "Hash of its prompt; null for a rubric", True),
        Column("score", pa.int8(), "1 to 10; null: abstained", True),
        Column("abstain_reason", pa.string(), "Why there is no score", True),
        Column("rationale", pa.string(), "Why this score", True),
        Column("raw_text", pa.string(), "What the judge answered, unchanged", True),
        Column("tokens_in", pa.int64(), "Prompt tokens; null without a language model", True),
        Column("tokens_out", pa.int64(), "Answer tokens; null without a language model", True),
        Column("latency_ms", pa.float64(), "Time of the answer, retries included; null: not measured", True),
        Column("attempts", pa.int32(), "Requests made, retries included; null: not counted", True),
    ),
)

REVIEWS = Table(
    "reviews",
    "log",
    "A person's three-way review of one annotation region.",
    (
        *_REVISION,
        Column("reviewer_id", pa.string(), "Pseudonym"),
        Column("category", pa.bool_(), "Whether the emotions are right; null: not judged", True),
        Column("localization", pa.bool_(), "Whether the times are right; null: not judged", True),
        Column("reasoning", pa.bool_(), "Whether the cause is right; null: not judged", True),
        Column("comment", pa.string(), "The reviewer's comment", True),
        Column("reviewed_at", TIMESTAMP, "When"),
    ),
    human=True,
)
