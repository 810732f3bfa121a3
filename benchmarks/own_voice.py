"""Own-voice detection on simulated rooms with real voices, per condition, and how far its confidence can be trusted.

Weights are fitted on the voices of meetings (../shared/corpora/ami_multispeaker); the tables are of other voices, in
other rooms. `--fit` prints the weights anew.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import measure
import numpy as np
import pyarrow as pa

from osmo.schemas.config import SegmentConfig
from osmo.tasks.arrays import array_of
from osmo.tasks.microphones import microphone_tables
from osmo.tasks.own_voice import Opinion, Voice, measured, opinion_of

REPOSITORY = Path(__file__).resolve().parent.parent
CORPORA = Path(os.environ.get("OSMO_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
BINS = (0.5, 0.7, 0.9, 0.99, 1.0001)


def simulator() -> ModuleType:
    """tests/mixtures.py, which tests load too."""
    spec = importlib.util.spec_from_file_location("mixtures", REPOSITORY / "tests" / "mixtures.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["mixtures"] = module
    spec.loader.exec_module(module)
    return module


MIXTURES = simulator()
ROOMS = (
    MIXTURES.Room("quiet room"),
    MIXTURES.Room("noise: 5 dB", snr_db=5.0),
    MIXTURES.Room("loud noise: -15 dB", snr_db=-15.0),
    MIXTURES.Room("bare walls", echo=0.85),
    MIXTURES.Room("microphones off by 1.5 dB", gain_db=1.5),
    MIXTURES.Room("glasses slipped by 1.5 cm", slip_m=0.015),
    MIXTURES.Room("mouth elsewhere by 1.5 cm", face_m=0.015),
    MIXTURES.Room("others at arm's length", others_m=(0.3, 0.6)),
    MIXTURES.Room("a second other at the same time", overlap=1.0),
)
UNSEEN = (
    MIXTURES.Room("wind at the microphones: 20 dB", wind_db=20.0),
    MIXTURES.Room("wind at the microphones: 40 dB", wind_db=40.0),
    MIXTURES.Room("the microphone next to the mouth is dead", dead=(0,)),
    MIXTURES.Room("the wearer speaks over all others", interrupted=1.0),
)
"""Conditions that the weights were not fitted on."""


def heard(speech: Sequence[object], room: object, seed: int) -> Iterator[tuple[str, Voice | str]]:
    """For each turn of a mixture who spoke, and what was measured."""
    array = array_of(7)
    assert array is not None
    mixture = MIXTURES.mixed(speech, array, room, seed=seed)
    track = pa.concat_tables(microphone_tables(iter([(0.0, mixture.sound)]), MIXTURES.RATE_HZ))
    times = track["time_s"].to_numpy()
    for start_s, end_s, who in mixture.turns:
        first, last = np.searchsorted(times, [start_s, end_s])
        yield who, measured(track.slice(int(first), int(last - first)))


def fit(speech: Sequence[object], rounds: int) -> None:
    """Print weights that were fitted on `speech`."""
    from sklearn.linear_model import LogisticRegression

    turns = [
        (who, voice)
        for seed in range(rounds)
        for number, room in enumerate(ROOMS)
        for who, voice in heard(speech, room, 1000 + 100 * seed + number)
        if isinstance(voice, Voice)
    ]
    values = np.array([[voice.mouth, voice.around, voice.nearness] for _, voice in turns])
    model = LogisticRegression(C=1.0).fit(values, [who == MIXTURES.WEARER for who, _ in turns])
    print("[logistic]")
    print(f"bias = {model.intercept_[0]:.3f}")
    for name, weight in zip(("mouth", "around", "nearness"), model.coef_[0], strict=True):
        print(f"{name} = {weight:.3f}")


def report(speech: Sequence[object], rounds: int) -> None:
    """Print how each condition fared, and confidence beside accuracy."""
    least = SegmentConfig().own_voice_confidence
    sure: list[tuple[float, bool]] = []
    columns = ("segments", "right of those told", "wearer: precision", "wearer: recall", f"unknown (below {least:g})")
    print(f"| condition | {' | '.join(columns)} |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for number, room in enumerate((*ROOMS, *UNSEEN)):
        count: Counter[tuple[str, str]] = Counter()
        for seed in range(rounds):
            for who, voice in heard(speech, room, 7 + 100 * seed + number):
                said: Opinion = opinion_of(voice, least)
                count[who, said.speaker] += 1
                always = opinion_of(voice, 0.5)
                if always.confidence is not None and not room.interrupted:
                    sure.append((always.confidence, always.speaker == who))
        print(_row(room.name, count))
    print("\n| confidence | segments | right |\n| --- | ---: | ---: |")
    for low, high in pairwise(BINS):
        right = [ok for confidence, ok in sure if low <= confidence < high]
        share = f"{100 * sum(right) / len(right):.1f} %" if right else "–"
        print(f"| {low:g}–{min(high, 1):g} | {len(right):,} | {share} |")


def _row(name: str, count: Counter[tuple[str, str]]) -> str:
    wearer, other = MIXTURES.WEARER, MIXTURES.OTHER
    total = sum(count.values())
    told = total - count[wearer, "unknown"] - count[other, "unknown"]
    right = count[wearer, wearer] + count[other, other]
    called = count[wearer, wearer] + count[other, wearer]
    spoke = sum(n for (who, _), n in count.items() if who == wearer)
    shares = ((right, told), (count[wearer, wearer], called), (count[wearer, wearer], spoke), (total - told, total))
    cells = (f"{100 * part / whole:.1f} %" if whole else "–" for part, whole in shares)
    return f"| {name} | {total} | {' | '.join(cells)} |"


def main() -> None:
    measure.parser().add_argument("--fit", action="store_true", help="fit the weights on the voices of meetings")
    options = measure.options()
    rounds = measure.size(3, 1)
    if options.fit:
        fit(MIXTURES.pieces(sorted((CORPORA / "ami_multispeaker").glob("*.wav"))), rounds)
        return
    others = [file for name in ("speech_en", "speech_zh") for file in sorted((CORPORA / name).iterdir())]
    report(MIXTURES.pieces([file for file in others if file.suffix in (".wav", ".flac")]), rounds)


if __name__ == "__main__":
    main()
