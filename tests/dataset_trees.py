"""Small trees in the exact layouts of three datasets, with real media in them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable
from pathlib import Path

import av
import numpy as np

AEA_NAME = "loc1_script1_seq1_rec1"
NYMERIA_NAMES = ("20231113_s0_patricia_gutierrez_act2_c993gv", "20231113_s1_greg_clark_act2_jc6wnc")
_CALIBRATION = "aria_unit_test_timecode_sequence_calib.vrs"

SRT_HOUR_11 = (
    "1\n00:09:43,5 --> 00:09:45,120\nJake: 今天我们做什么？\nJake: What do we do today?\n\n"
    "2\n00:09:46,40 --> 00:09:47,900\nAlice：我不知道。\nAlice: I don't know.\n\n"
    "3\n00:10:30,000 --> 00:10:31,000\nJake: 好\n"
)


def egolife_video(path: Path, seconds: float = 2.0, *, sound: bool = True) -> Path:
    """A tiny MP4 with pictures at 20 fps and a tone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rate = 16_000
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=20, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio = container.add_stream("aac", rate=rate, layout="mono") if sound else None
        for number in range(round(seconds * 20)):
            grey = np.full((48, 64, 3), 40 + number % 100, np.uint8)
            container.mux(video.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(video.encode(None))
        if audio is not None:
            tone = 0.1 * np.sin(2 * np.pi * 220 * np.arange(round(seconds * rate)) / rate)
            frame = av.AudioFrame.from_ndarray(tone.astype(np.float32)[np.newaxis], format="fltp", layout="mono")
            frame.sample_rate = rate
            container.mux(audio.encode(frame))
            container.mux(audio.encode(None))
    return path


def egolife(root: Path, days: Iterable[tuple[str, str, tuple[str, ...]]] | None = None) -> Path:
    """EgoLife: person, day and the clocks (HHMMSS and frame) of its files; transcripts of 11 o'clock on DAY1."""
    chosen = days or (
        ("A1_JAKE", "DAY1", ("11094208", "11094408")),
        ("A1_JAKE", "DAY2", ("10000000",)),
        ("A2_ALICE", "DAY1", ("11094300",)),
    )
    for person, day, clocks in chosen:
        for clock in clocks:
            egolife_video(root / person / day / f"{day}_{person}_{clock}.mp4")
    folder = root / "EgoLifeCap" / "Transcript" / "A1_JAKE" / "DAY1"
    folder.mkdir(parents=True)
    (folder / "A1_JAKE_DAY1_11000000.srt").write_text(SRT_HOUR_11, encoding="utf-8")
    return root


def aea(root: Path, corpora: Path) -> Path:
    """Aria Everyday Activities: one genuine recording, and one whose VRS is cut short."""
    source = corpora / "aria_gen1" / "aea_recording"
    shutil.copytree(source, root / AEA_NAME, copy_function=shutil.copyfile)
    cut = root / "loc1_script1_seq1_rec2"
    cut.mkdir()
    (cut / "recording.vrs").write_bytes((source / "recording.vrs").read_bytes()[:2_000_000])
    said = json.loads((source / "metadata.json").read_text())
    said |= {"recording": 2, "concurrent_recordings": [AEA_NAME]}
    (cut / "metadata.json").write_text(json.dumps(said))
    return root


def nymeria(root: Path, corpora: Path) -> Path:
    """Nymeria: two people of one session; the first with the genuine time-code file, the second without eyes."""
    table = json.loads((corpora / "nymeria_meta" / "dataset_metadata.json").read_text())
    sounding = corpora / "aria_gen1" / "aea_recording" / "recording.vrs"
    timed = corpora / "aria_gen1" / _CALIBRATION
    for name, data, eyes in ((NYMERIA_NAMES[0], timed, timed), (NYMERIA_NAMES[1], sounding, None)):
        folder = root / name / "recording_head" / "data"
        folder.mkdir(parents=True)
        shutil.copyfile(data, folder / "data.vrs")
        if eyes is not None:
            shutil.copyfile(eyes, folder / "et.vrs")
        (folder / "motion.vrs").write_bytes(b"")
        (root / name / "metadata.json").write_text(json.dumps(table[name]))
        narration = root / name / "narration"
        narration.mkdir()
        (narration / "atomic_action.csv").write_text("start_time,end_time,description\n")
    return root
