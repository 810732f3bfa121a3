"""What was recorded: recordings, the media cache's index, and speech segments."""

import pyarrow as pa

from osmo.schemas.table import TIMESTAMP, Column, Table

MEDIA_FILE = pa.struct(
    [
        pa.field("uri", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("duration_s", pa.float64()),
    ]
)
"""One file of a stream: where it lies, its hash and size, where it starts on the recording's clock, how long it is.

A stream inside a VRS file is named behind a number sign: `recording.vrs#214-1`."""

SIDECAR_FILE = pa.struct(
    [
        pa.field("uri", pa.string(), nullable=False),
        pa.field("sha256", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("format", pa.string(), nullable=False),
    ]
)
"""One file of timed text or numbers: where its zero lies on the recording's clock (may be negative), its format."""

WORD = pa.struct(
    [
        pa.field("start_s", pa.float64(), nullable=False),
        pa.field("end_s", pa.float64(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
    ]
)
"""One timed word of a segment, in seconds from the recording's start."""

RECORDINGS = Table(
    "recordings",
    "log",
    "One row per recording: one subject's continuous session. Of several rows of a recording the latest counts.",
    (
        Column("recording_id", pa.string(), "The owner's id, prefixed by dataset where owners could collide"),
        Column("dataset", pa.string(), "Name of the source dataset"),
        Column("subject_id", pa.string(), "The wearer, as the owner names them; null with a reason", True),
        Column("subject_reason", pa.string(), "Why subject_id is null", True),
        Column("session_group", pa.string(), "Shared by recordings of one place and time", True),
        Column("language", pa.string(), "BCP 47 primary language of the wearer's speech (en, zh); null: unknown", True),
        Column("started_at", TIMESTAMP, "Start on the common clock; null with a reason in time_domain", True),
        Column("duration_s", pa.float64(), "Length in seconds"),
        Column(
            "video", pa.list_(MEDIA_FILE), "First-person video files in order, gaps allowed; null with a reason", True
        ),
        Column("video_reason", pa.string(), "Why video is null", True),
        Column(
            "audio", pa.list_(MEDIA_FILE), "Audio files in order (may be the video files); null with a reason", True
        ),
        Column("audio_reason", pa.string(), "Why audio is null", True),
        Column("eye", pa.list_(MEDIA_FILE), "Eye-camera video files in order; null with a reason", True),
        Column("eye_reason", pa.string(), "Why eye is null", True),
        Column("eye_fps", pa.float64(), "Eye camera's frame rate in Hz; null where there is no eye video", True),
        Column("transcript_uri", pa.string(), "The only transcript, in rows from before `transcript` was there", True),
        Column("transcript_sha256", pa.string(), "Its hash", True),
        Column("transcript_reason", pa.string(), "Why transcript is null", True),
        Column("labels_uri", pa.string(), "Human labels that came with the recording, to be replayed", True),
        Column("labels_sha256", pa.string(), "Their hash", True),
        Column("time_domain", pa.string(), "Where started_at comes from: utc, timecode, device, calendar or unknown"),
        Column("synthetic", pa.bool_(), "Whether the recording was rendered, not recorded"),
        Column("metadata", pa.string(), "What else the owner says, as JSON"),
        Column("source", pa.string(), "The adapter that read it"),
        Column("source_uri", pa.string(), "The folder or object that it was read from"),
        Column("recording_key", pa.string(), "Content key: changes when any file or field of the recording changes"),
        Column("transcript", pa.list_(SIDECAR_FILE), "Sidecar transcripts in order of time; null with a reason", True),
        Column("gaze", pa.list_(SIDECAR_FILE), "Gaze that the owner computed; null with a reason", True),
        Column("gaze_reason", pa.string(), "Why gaze is null", True),
    ),
)

MEDIA = Table(
    "media",
    "log",
    "Index of the content-addressed media cache: what was decoded from what, with which settings.",
    (
        Column("recording_id", pa.string(), "The recording"),
        Column(
            "kind",
            pa.string(),
            "audio (16 kHz mono), proxy (labelling video of the recording), clip (cut of it), eye; Parquet tracks: "
            "microphones, gaze, ocular_track, acoustic_track, visual_track",
        ),
        Column("clip_id", pa.string(), "The clip, where kind is clip", True),
        Column("source_sha256", pa.string(), "Hash over the hashes of the files it was decoded from"),
        Column("uri", pa.string(), "Where it lies, relative to the store's root"),
        Column("sha256", pa.string(), "Its hash: also its name"),
        Column("bytes", pa.int64(), "Its size"),
        Column("start_s", pa.float64(), "Where it starts on the recording's clock"),
        Column("duration_s", pa.float64(), "Its length in seconds"),
        Column("fps", pa.float64(), "Constant frame rate in Hz; null for audio", True),
        Column("width", pa.int32(), "Pixels; null for audio", True),
        Column("height", pa.int32(), "Pixels; null for audio", True),
        Column("sample_rate_hz", pa.int32(), "Of its audio track", True),
        Column("captioned", pa.bool_(), "Whether the picture was rendered from the transcript for want of video"),
        Column("silent", pa.bool_(), "Whether the sound was filled in for want of audio"),
        Column("encoder", pa.string(), "Settings and library version it was encoded with"),
    ),
)

SEGMENTS = Table(
    "segments",
    "log",
    "Sentence-level speech segments. A recording without speech has one row whose segment_id is null.",
    (
        Column("recording_id", pa.string(), "The recording"),
        Column("segment_id", pa.string(), "Hash of recording and times; null: the recording has no segment", True),
        Column("empty_reason", pa.string(), "Why there is no segment", True),
        Column("start_s", pa.float64(), "Start, seconds from the recording's start", True),
        Column("end_s", pa.float64(), "End, seconds from the recording's start", True),
        Column("text", pa.string(), "What was said", True),
        Column("language", pa.string(), "BCP 47 primary language; null: unknown", True),
        Column("speaker", pa.string(), "wearer, other or unknown", True),
        Column("speaker_name", pa.string(), "The name that the transcript gives", True),
        Column("asr_confidence", pa.float64(), "exp(mean token log-probability), 0–1; null for sidecar text", True),
        Column("no_speech_prob", pa.float64(), "The model's no-speech probability, 0–1; null for sidecar text", True),
        Column(
            "in_media", pa.bool_(), "Whether it lies inside the recording's media; outside ones are kept, marked", True
        ),
        Column("source", pa.string(), "sidecar, or the speech engine with its model", True),
        Column("text_key", pa.string(), "Content key of segment_id, text, speaker and language", True),
        Column("dialogue_key", pa.string(), "Content key of the segment and the turns before it", True),
        Column("audio_key", pa.string(), "Content key of the segment and the sound under it; null without audio", True),
        Column("speaker_source", pa.string(), "What tells the speaker: name, own_voice; null: nothing does", True),
        Column("speaker_confidence", pa.float64(), "0–1 where own_voice tells the speaker; null elsewhere", True),
        Column("speaker_reason", pa.string(), "Why the speaker is unknown; null: known, or nobody asked", True),
        Column("translation", pa.string(), "The owner's translation into another language, with the text", True),
        Column("words", pa.list_(WORD), "Words with their times; null: the source has none", True),
        Column(
            "refused_reason",
            pa.string(),
            "Why it is quarantined, so that nobody votes on it; null: it is not",
            True,
        ),
    ),
)
