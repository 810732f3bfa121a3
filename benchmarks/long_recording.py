"""Memory and time of the media stage over recordings of hours, as MP4 and as VRS: peaks must not grow with the length.

Each recording is made once (a minute of tone and pictures, over and over), and decoded by a process of its own, whose
peak is the kernel's. A VRS file is read by further processes, of which the largest counts; the kernel takes what the
stage held when it started them for theirs. What grows is the index of the MP4 files in the making, which FFmpeg keeps
until their end.

Usage: python benchmarks/long_recording.py [--hours 6] [--short 0.5] [--kinds mp4,vrs]
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fractions import Fraction
from io import BytesIO
from pathlib import Path

import av
import numpy as np
import PIL.Image

from osmo.schemas.config import MediaConfig
from osmo.schemas.tables import MEDIA, RECORDINGS
from osmo.storage.media import Media, MediaCache
from osmo.storage.objects import Objects
from osmo.tasks.media import MediaStage
from osmo.tasks.proxy import Shape, encode
from osmo.tasks.streams import with_stream
from osmo.tasks.vrs import STREAMS

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from vrs_writer import Camera, Microphones, VrsWriter

PICTURE, PICTURES_HZ = (96, 64), 1
SETTINGS = MediaConfig(proxy_height=64, proxy_fps=PICTURES_HZ)
MP4_HZ = 16_000
VRS_HZ, VRS_CHANNELS, VRS_BLOCK = 8_000, 3, 4_000
PARTS = ("video", "audio", "eye")


@dataclass(frozen=True)
class Measured:
    """What the media stage took for one recording."""

    kind: str
    hours: float
    source_mb: float
    wall_s: float
    cpu_s: float
    peak_mb: float
    reader_peak_mb: float
    made: list[str]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--hours", type=float, default=6.0, help="the long recording")
    parser.add_argument("--short", type=float, default=0.5, help="the short one beside it")
    parser.add_argument("--kinds", default="mp4,vrs")
    parser.add_argument("--measure", nargs=3, metavar=("KIND", "FILE", "HOURS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        kind, file, hours = options.measure
        print(json.dumps(asdict(measured(kind, Path(file), float(hours)))))
        return
    print("| recording | hours | MB | wall s | CPU s | peak MB | peak MB of a VRS reader | made |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |")
    for kind in options.kinds.split(","):
        peaks = [show(apart(kind, hours)) for hours in (options.short, options.hours)]
        times = options.hours / options.short
        print(f"\n{kind}: {times:g} times as long, {peaks[1] / peaks[0]:.2f} times the peak\n", flush=True)


def show(one: Measured) -> float:
    reader = f"{one.reader_peak_mb:.0f}" if one.reader_peak_mb else "–"
    numbers = f"{one.source_mb:.0f} | {one.wall_s:.0f} | {one.cpu_s:.0f} | {one.peak_mb:.0f} | {reader}"
    print(f"| {one.kind} | {one.hours:g} | {numbers} | {', '.join(one.made)} |", flush=True)
    return max(one.peak_mb, one.reader_peak_mb)


def apart(kind: str, hours: float) -> Measured:
    """Make a recording, and measure the stage in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="osmo-long-") as folder:
        path = Path(folder) / f"long.{kind}"
        (write_mp4 if kind == "mp4" else write_vrs)(path, hours * 3600)
        command = [sys.executable, __file__, "--measure", kind, str(path), str(hours)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        return Measured(**json.loads(done.stdout))


def measured(kind: str, path: Path, hours: float) -> Measured:
    names = {part: with_stream(str(path), STREAMS[part]) if kind == "vrs" else str(path) for part in PARTS}
    size = path.stat().st_size
    files = {
        part: [{"uri": uri, "sha256": "x", "bytes": size, "start_s": 0.0, "duration_s": hours * 3600}]
        for part, uri in names.items()
    }
    row = {
        "recording_id": "long", "dataset": "benchmark", "duration_s": hours * 3600, "time_domain": "unknown",
        "synthetic": True, "metadata": "{}", "source": "folder", "source_uri": "x", "recording_key": "k", **files,
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="osmo-long-", dir=path.parent) as store:
        cache = MediaCache(Objects(store))
        stage = MediaStage(cache=cache, settings=SETTINGS, recordings=lambda _: RECORDINGS.rows([row]))
        started, media = time.perf_counter(), Media(cache, MEDIA.empty())
        outcome = stage.compute(stage.needs(0), media)
        wall_s = time.perf_counter() - started
    assert not outcome.problems, outcome.problems
    own, readers = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return Measured(
        kind,
        hours,
        size / 1e6,
        wall_s,
        own.ru_utime + own.ru_stime + readers.ru_utime + readers.ru_stime,
        own.ru_maxrss / 1e3,
        readers.ru_maxrss / 1e3,
        outcome.rows["kind"].to_pylist(),
    )


def write_mp4(path: Path, seconds: float) -> None:
    """Pictures and sound of one minute, again and again, packet by packet."""
    with tempfile.TemporaryDirectory(prefix="osmo-long-") as folder:
        minute = Path(folder) / "minute.mp4"
        shape = Shape.of(PICTURE, PICTURES_HZ, 60.0, MP4_HZ)
        encode(minute, shape, drawn(shape), iter([tone(shape.samples, MP4_HZ)]), crf=30)
        with av.open(str(path), "w", format="mp4") as out:
            copies: dict[str, av.VideoStream | av.AudioStream] = {}
            for turn in range(round(seconds / 60)):
                with av.open(str(minute)) as source:
                    streams = [source.streams.video[0], source.streams.audio[0]]
                    for stream in streams if not copies else ():
                        copies[stream.type] = out.add_stream_from_template(stream)
                    for packet in source.demux(streams):
                        if packet.size and packet.pts is not None and 0 <= packet.pts * packet.time_base < 60:
                            shift = round(60 * turn / packet.time_base)
                            packet.pts, packet.dts = packet.pts + shift, packet.pts + shift
                            packet.stream = copies[packet.stream.type]
                            out.mux(packet)


def drawn(shape: Shape) -> Iterator[av.VideoFrame]:
    for n in range(shape.count):
        grey = np.full((shape.height, shape.width), 30 + 3 * n, np.uint8)
        frame = av.VideoFrame.from_ndarray(grey, format="gray").reformat(format="yuv420p")
        frame.time_base = Fraction(1, PICTURES_HZ)
        yield frame


def tone(samples: int, rate_hz: int) -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    return (8000 * np.sin(2 * np.pi * 330 * np.arange(samples) / rate_hz)).astype(np.int16)


def write_vrs(path: Path, seconds: float) -> None:
    """Both cameras at one picture a second, three microphones."""
    stills = []
    for grey in range(60):
        out = BytesIO()
        PIL.Image.fromarray(np.full(PICTURE[::-1], 30 + 3 * grey, np.uint8)).save(out, "JPEG")
        stills.append(out.getvalue())
    block = np.repeat(tone(VRS_BLOCK, VRS_HZ)[:, np.newaxis], VRS_CHANNELS, axis=1)
    camera = Camera(*PICTURE, PICTURES_HZ)
    streams = {
        STREAMS["video"]: camera,
        STREAMS["eye"]: camera,
        STREAMS["audio"]: Microphones(VRS_CHANNELS, VRS_HZ, "int16"),
    }
    with VrsWriter(path, streams) as file:
        for second in range(round(seconds)):
            for part in ("video", "eye"):
                file.picture(STREAMS[part], second + 1.0, stills[second % 60])
            for n in range(VRS_HZ // VRS_BLOCK):
                file.sound(STREAMS["audio"], second + 1.0 + n * VRS_BLOCK / VRS_HZ, block)
        file.finish()


if __name__ == "__main__":
    main()
