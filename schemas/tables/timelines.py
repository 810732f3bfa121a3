"""What the pipeline is for: events on each wearer's timeline, their cues, reasoning and splits."""

import pyarrow as pa

from osmo.schemas.table import Column, Table

LABEL_COUNT = pa.struct(
    [pa.field("concept", pa.string(), nullable=False), pa.field("annotators", pa.int32(), nullable=False)]
)
EVIDENCE = pa.struct(
    [
        pa.field("name", pa.string(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("unit", pa.string(), nullable=False),
    ]
)

SEEN = pa.struct(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
    ]
)
"""Media of a recording: its kind and hash as in media, where it starts on the recording's clock."""

TURN = pa.struct(
    [
        pa.field("segment_id", pa.string(), nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
        pa.field("speaker", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""What was said, when and by whom: seconds from the recording's start; wearer, other or unknown."""

EARLIER = pa.struct(
    [
        pa.field("event_id", pa.string(), nullable=False),
        pa.field("emotions", pa.list_(pa.string()), nullable=False),
        pa.field("own_words", pa.list_(pa.string()), nullable=False),
        pa.field("gap_s", pa.float64(), nullable=False),
        pa.field("duration_s", pa.float64(), nullable=False),
    ]
)
"""An earlier event of the same wearer: its label, the seconds from its end to the window's start, its length."""

EVENTS = Table(
    "events",
    "view",
    "Accepted emotion events: several people's annotations of one clip, consolidated.",
    (
        Column("event_id", pa.string(), "Hash of clip and times"),
        Column("subject_id", pa.string(), "The wearer; null with the reason in recordings", True),
        Column("recording_id", pa.string(), "The recording"),
        Column("clip_id", pa.string(), "The clip"),
        Column("dataset", pa.string(), "The source dataset"),
        Column("language", pa.string(), "Language of the recording", True),
        Column("start_s", pa.float64(), "Start, seconds from the recording's start: median of the annotators"),
        Column("end_s", pa.float64(), "End, seconds from the recording's start: median of the annotators"),
        Column(
            "t_s",
            pa.float64(),
            "Start on the subject's own timeline: seconds since their first recording began; "
            "null without a common clock",
            True,
        ),
        Column(
            "emotions",
            pa.list_(pa.string()),
            "Concepts named by at least half of its annotators, else the nearest "
            "shared family of the wheel; empty: only own words or no shared family",
        ),
        Column("own_words", pa.list_(pa.string()), "The annotators' own words, sorted"),
        Column("label_distribution", pa.list_(LABEL_COUNT), "How many annotators named each concept"),
        Column("polarity", pa.string(), "Most frequent polarity; null with the reason", True),
        Column("polarity_reason", pa.string(), "not_collected, missing or tie", True),
        Column("intensity", pa.int8(), "Lower median, 1 to 3; null with the reason", True),
        Column("intensity_reason", pa.string(), "not_collected or missing", True),
        Column("cause", pa.string(), "The longest accepted cause; null with the reason", True),
        Column("cause_reason", pa.string(), "not_collected or missing", True),
        Column("causes", pa.list_(pa.string()), "Every annotator's cause, sorted"),
        Column("annotators", pa.int32(), "How many annotators marked it"),
        Column("finished", pa.int32(), "How many annotators finished the clip, no_emotion included"),
        Column("agreement", pa.float64(), "annotators / finished; null with the reason", True),
        Column("agreement_reason", pa.string(), "simulated, replayed or single_annotator", True),
        Column("needs_adjudication", pa.bool_(), "Whether polarity tied or no emotion is shared"),
        Column("sources", pa.list_(pa.string()), "person, simulated, replayed: whose work it rests on, sorted"),
        Column("annotation_ids", pa.list_(pa.string()), "The annotations it rests on, sorted"),
        Column("event_key", pa.string(), "Content key of the event"),
    ),
)

CUES = Table(
    "cues",
    "log",
    "What was seen, heard and measured during an event, never derived from its label.",
    (
        Column("event_id", pa.string(), "The event"),
        Column("recording_id", pa.string(), "The recording"),
        Column("modality", pa.string(), "visual, acoustic or ocular"),
        Column("extractor", pa.string(), "What measured it"),
        Column("text", pa.string(), "The cue in words, only from its evidence; null: the modality is absent", True),
        Column("absent_reason", pa.string(), "Why there is no cue", True),
        Column("evidence", pa.list_(EVIDENCE), "The measured numbers that the text rests on"),
        Column("confidence", pa.float64(), "0–1; null where absent, and where a model described", True),
        Column("raw_text", pa.string(), "What the model answered, unchanged; null: it was measured", True),
        Column("model_revision", pa.string(), "The model that described it; null: it was measured", True),
        Column("prompt_sha", pa.string(), "Hash of the model's prompt; null: it was measured", True),
        Column("tokens_in", pa.int64(), "Prompt tokens; null without a language model", True),
        Column("tokens_out", pa.int64(), "Answer tokens; null without a language model", True),
        Column("latency_ms", pa.float64(), "Time of the answer, retries included; null: not measured", True),
        Column("attempts", pa.int32(), "Requests made, retries included; null: not counted", True),
    ),
)

REASONING = Table(
    "reasoning",
    "log",
    "The six-step chain of an event, one row a step.",
    (
        Column("event_id", pa.string(), "The event"),
        Column("recording_id", pa.string(), "The recording"),
        Column("step", pa.int8(), "1 visual, 2 audio, 3 dialogue, 4 ocular, 5 previous emotion, 6 inference"),
        Column("name", pa.string(), "Name of the step"),
        Column("text", pa.string(), "What the chain says at this step"),
        Column(
            "cited",
            pa.list_(pa.string()),
            "Evidence that the text rests on: cue:<modality>, segment:<id>, "
            "event:<id>, annotation:<id> (of several: the event's own id), dialogue:none, history:none; one per "
            "sentence in order",
        ),
        Column("model", pa.string(), "What wrote it"),
        Column("prompt_sha", pa.string(), "Hash of its prompt; null for the composer", True),
        Column("history", pa.list_(pa.string()), "The earlier events that it was given, latest last"),
        Column(
            "outcome",
            pa.string(),
            "Of the whole chain: first (its writer's first stands), again (one written after a refusal does) or "
            "composed (its writer's were refused, so the composer's does); null: before this was kept",
            True,
        ),
        Column("refusals", pa.list_(pa.string()), "Why the check refused earlier chains, in order; on step 1", True),
        Column("raw_text", pa.string(), "What the model answered last, unchanged; on step 1", True),
        Column(
            "tokens_in", pa.int64(), "Prompt tokens of the whole chain, on step 1; null without a language model", True
        ),
        Column(
            "tokens_out", pa.int64(), "Answer tokens of the whole chain, on step 1; null without a language model", True
        ),
        Column(
            "latency_ms",
            pa.float64(),
            "Time of the answer, retries included, of the whole chain, on step 1; null: not measured",
            True,
        ),
        Column(
            "attempts",
            pa.int32(),
            "Requests made, retries included, of the whole chain, on step 1; null: not counted",
            True,
        ),
    ),
)

SPLITS = Table(
    "splits",
    "view",
    "Which part of which protocol an event belongs to.",
    (
        Column("protocol", pa.string(), "xsub, xtime, …"),
        Column("event_id", pa.string(), "The event"),
        Column("split", pa.string(), "train, validation or test; null: left out, with the reason", True),
        Column("reason", pa.string(), "Why it is left out", True),
    ),
)

TRAINING_INPUTS = Table(
    "training_inputs",
    "view",
    "What a model may see of each event: a window, never the event's label, cues or boundaries.",
    (
        Column("event_id", pa.string(), "The event; its label is in events, its chain in reasoning: targets"),
        Column("recording_id", pa.string(), "The recording"),
        Column("subject_id", pa.string(), "The wearer; null with the reason in recordings", True),
        Column("language", pa.string(), "Language of the recording: the one to answer in", True),
        Column(
            "window_start_s",
            pa.float64(),
            "Start, seconds from the recording's start: drawn by the release's seed, so that the event lies anywhere "
            "in the window",
        ),
        Column("window_end_s", pa.float64(), "End, seconds from the recording's start: 30 s after it, if there are"),
        Column("media", pa.list_(SEEN), "The recording's video, sound and eyes (proxy, audio, eye), where there are"),
        Column("dialogue", pa.list_(TURN), "The latest 16 turns that overlap the window, oldest first"),
        Column(
            "history",
            pa.list_(EARLIER),
            "The latest 4 events of the wearer that ended before the window, with their labels, oldest first",
        ),
        Column("instruction", pa.string(), "The instruction's prompt file and its hash: <name>@<hash>"),
    ),
)
