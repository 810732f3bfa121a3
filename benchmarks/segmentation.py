"""Where speech is found in meetings, beside what people marked: share found and missed, false alarms, boundary errors.

The four recordings lie in ../shared/corpora/ami_multispeaker with their RTTM; what several people say at once is speech
once. Boundaries are matched where a found stretch and a marked one overlap most.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import av
import measure
import numpy as np
import numpy.typing as npt

from osmo.schemas.config import SegmentConfig
from osmo.tasks.speech import SAMPLE_RATE_HZ, speech

REPOSITORY = Path(__file__).resolve().parent.parent
CORPORA = Path(os.environ.get("OSMO_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
STEP_S = 0.01
Spans = list[tuple[float, float]]


@dataclass(frozen=True)
class Found:
    """How one recording fared; times in seconds, shares 0–1."""

    name: str
    length_s: float
    speech_s: float
    found: float
    false_alarm: float
    boundary_median_s: float
    boundary_90_s: float
    cpu_s: float


def marked(rttm: Path, name: str, *, pause_s: float) -> Spans:
    """Stretches in which somebody speaks, joined over shorter pauses."""
    rows = [line.split() for line in rttm.read_text().splitlines() if line.strip()]
    spans = sorted((float(row[3]), float(row[3]) + float(row[4])) for row in rows if row[1] == name)
    joined: Spans = []
    for start_s, end_s in spans:
        if joined and start_s - joined[-1][1] < pause_s:
            joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]))
        else:
            joined.append((start_s, end_s))
    return joined


def compare(sound: Path, truth: Spans, config: SegmentConfig) -> Found:
    """Our stretches of a recording beside the marked ones."""
    samples = _samples(sound)
    length_s = len(samples) / SAMPLE_RATE_HZ
    started = time.process_time()
    ours = speech(
        lambda a, b: samples[round(a * SAMPLE_RATE_HZ) : round(b * SAMPLE_RATE_HZ)],
        length_s,
        threshold=config.vad_threshold,
        pause_s=config.pause_s,
    )
    cpu_s = time.process_time() - started
    spans = [(one.start_s, one.end_s) for one in ours]
    said, heard = _grid(truth, length_s), _grid(spans, length_s)
    errors = _boundary_errors(spans, truth)
    return Found(
        sound.stem,
        length_s,
        float(said.sum() * STEP_S),
        float((said & heard).sum() / max(1, said.sum())),
        float((heard & ~said).sum() / max(1, (~said).sum())),
        float(np.median(errors)),
        float(np.quantile(errors, 0.9)),
        cpu_s,
    )


def everything() -> list[Found]:
    """All four meetings."""
    folder = CORPORA / "ami_multispeaker"
    rttms = {"sample": "sample.rttm", "dev00": "debug.development.rttm", "dev01": "debug.development.rttm"}
    rttms["tst00"] = "debug.test.rttm"
    config = SegmentConfig()
    return [
        compare(folder / f"{name}.wav", marked(folder / file, name, pause_s=config.pause_s), config)
        for name, file in rttms.items()
    ]


def _samples(path: Path) -> npt.NDArray[np.float32]:
    resampler = av.AudioResampler("fltp", "mono", SAMPLE_RATE_HZ)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in [*frames, *resampler.resample(None)]])


def _grid(spans: Spans, length_s: float) -> npt.NDArray[np.bool_]:
    grid = np.zeros(round(length_s / STEP_S), bool)
    for start_s, end_s in spans:
        grid[round(start_s / STEP_S) : round(end_s / STEP_S)] = True
    return grid


def _boundary_errors(spans: Spans, truth: Spans) -> list[float]:
    """Distance of each marked onset and end to the nearest one that was found."""
    onsets, ends = ([span[side] for span in spans] for side in (0, 1))
    errors = [min(abs(start_s - one) for one in onsets) for start_s, _ in truth] if spans else []
    errors += [min(abs(end_s - one) for one in ends) for _, end_s in truth] if spans else []
    return errors or [float("inf")]


def main() -> None:
    measure.options()
    found = everything()
    print("| recording | length | speech | found | missed | false alarm | boundary error: median | 90th percentile |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for one in found:
        shares = f"{100 * one.found:.1f} % | {100 * (1 - one.found):.1f} % | {100 * one.false_alarm:.1f} %"
        ends = f"{1000 * one.boundary_median_s:.0f} ms | {1000 * one.boundary_90_s:.0f} ms"
        print(f"| {one.name} | {one.length_s:.0f} s | {one.speech_s:.1f} s | {shares} | {ends} |")
    cpu_s, length_s = sum(one.cpu_s for one in found), sum(one.length_s for one in found)
    print(f"\nReal-time factor of the detection: {cpu_s / length_s:.4f} (CPU seconds per second of sound)")


if __name__ == "__main__":
    main()
