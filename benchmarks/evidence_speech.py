"""What is measured of the real speech in ../shared/corpora, beside what is known of it; the tables of docs/evidence.md.

    python benchmarks/evidence_speech.py

Utterances whose syllables are counted in their transcripts (in Mandarin a character is one), and meetings in which each
speaker in turn is taken for the wearer, over all of a recording; moments in which several talk are left out.
"""

from __future__ import annotations

import os
import tempfile
import wave
from collections import defaultdict
from pathlib import Path

import av
import numpy as np
import pyarrow as pa

from osmo.schemas.tables import MEDIA
from osmo.storage.media import Media, MediaCache, write_track
from osmo.storage.objects import Objects
from osmo.tasks.cues.extractor import Span
from osmo.tasks.cues.registry import extractor
from osmo.tasks.tracks.registry import tracker
from osmo.tasks.tracks.tracker import Recorded, Spoken

CORPORA = Path(os.environ.get("OSMO_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "corpora"))
SYLLABLES = {
    "speech_en/1272-128104-0000.flac": 25,
    "speech_en/jfk.flac": 28,
    "speech_en/librispeech-1995-1837-0001.wav": 36,
    "speech_zh/aishell-BAC009S0724W0121.wav": 12,
    "speech_zh/zero_shot_prompt.wav": 14,
    "speech_zh/sample.wav": 11,
}
MEETINGS = {"dev00": "debug.development.rttm", "tst00": "debug.test.rttm", "sample": "sample.rttm"}


def as_wav(file: Path, out: Path) -> None:
    resampler = av.AudioResampler("s16", "mono", 16_000)
    with av.open(str(file)) as container, wave.open(str(out), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(16_000)
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                sound.writeframes(piece.to_ndarray().tobytes())
        for piece in resampler.resample(None):
            sound.writeframes(piece.to_ndarray().tobytes())


def measured(file: Path, spoken: tuple[Spoken, ...], folder: Path) -> tuple[pa.Table, Media]:
    """The acoustic track of a file, and a handle that has it."""
    cache = MediaCache(Objects(str(folder / "store"), create=True))
    rows: list[dict[str, object]] = []

    def add(kind: str, path: Path) -> Media:
        put = cache.put(path)
        rows.append({
            "recording_id": "r", "kind": kind, "source_sha256": "s", "uri": put.uri, "sha256": put.sha256,
            "bytes": put.bytes, "start_s": 0.0, "duration_s": 0.0, "captioned": False, "silent": False, "encoder": "-",
        })  # fmt: skip
        return Media(cache, MEDIA.rows(rows))

    as_wav(file, folder / "sound.wav")
    media = add("audio", folder / "sound.wav")
    acoustic = tracker("acoustic")
    write_track(folder / "track.parquet", acoustic.track(Recorded("r", 0.0, None, spoken), media), acoustic.schema)
    media = add("acoustic_track", folder / "track.parquet")
    track = media.track("r", "acoustic_track")
    assert track is not None
    return track, media


def main() -> None:
    print("| utterance | syllables | nuclei found | pitch, Hz: 10 %, median, 90 % |\n| --- | ---: | ---: | --- |")
    found = 0
    for name, syllables in SYLLABLES.items():
        with tempfile.TemporaryDirectory() as folder:
            track, _ = measured(CORPORA / name, (), Path(folder))
        nuclei = sum(track["nucleus"].to_pylist())
        found += nuclei
        low, middle, high = np.percentile(track["pitch_hz"].drop_null().to_numpy(), [10, 50, 90])
        print(f"| `{name}` | {syllables} | {nuclei} | {low:.0f}, {middle:.0f}, {high:.0f} |")
    print(f"| together | {sum(SYLLABLES.values())} | {found} | |\n")
    print("| meeting | speaker | speech, s | pitch, Hz | range, semitones | syllables/s | harmonicity, dB |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |")
    for name, rttm in MEETINGS.items():
        turns = defaultdict(list)
        for line in (CORPORA / "ami_multispeaker" / rttm).read_text().splitlines():
            _, file, _, start, length, _, _, speaker, *_ = line.split()
            if file == name:
                turns[speaker].append((float(start), float(start) + float(length)))
        for speaker in sorted(turns):
            spoken = tuple(
                Spoken(a, b, "wearer" if who == speaker else "other")
                for who, listed in turns.items()
                for a, b in listed
            )
            with tempfile.TemporaryDirectory() as folder:
                _, media = measured(CORPORA / "ami_multispeaker" / f"{name}.wav", spoken, Path(folder))
                [cue] = extractor("acoustic").extract([Span("e", "r", 0.0, 60.0, "en")], media)
            values = {key: f"{value:g}" for key, value, _ in cue.evidence}
            shown = (values.get(key, "–") for key in ("speech", "pitch", "pitch_range", "rate", "harmonicity"))
            print(f"| {name} | {speaker} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main()
