"""Composes what the microphones of glasses hear of a room from real speech: the wearer, other people, echoes, noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

from osmo.tasks.arrays import SPEED_OF_SOUND_M_S, Array

RATE_HZ = 16_000
PIECE_S = 2.5
WEARER, OTHER = "wearer", "other"

Sound = npt.NDArray[np.float32]
Points = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Room:
    """One condition.

    Attributes:
        name: What it is called.
        snr_db: A talker at one metre over the noise of the room; infinite: none.
        echo: Share of the pressure that walls give back.
        gain_db: Spread of the microphones' gains.
        slip_m: Spread of the glasses' place on the head.
        face_m: Spread of the mouth's place on the face.
        others_m: Nearest and farthest distance of other people.
        overlap: Share of the turns during which somebody else speaks too.
        interrupted: Share of the others' turns over which the wearer speaks as well.
        wind_db: Wind at each microphone alone over a talker at one metre; null: none.
        dead: Microphones that give silence.
    """

    name: str
    snr_db: float = 20.0
    echo: float = 0.5
    gain_db: float = 0.5
    slip_m: float = 0.005
    face_m: float = 0.0
    others_m: tuple[float, float] = (0.8, 3.0)
    overlap: float = 0.0
    interrupted: float = 0.0
    wind_db: float | None = None
    dead: tuple[int, ...] = ()


@dataclass(frozen=True)
class Mixture:
    """What was heard: samples of shape (N, M), and who spoke from when to when, seconds."""

    sound: Sound
    turns: tuple[tuple[float, float, str], ...]


def pieces(files: Sequence[Path]) -> list[Sound]:
    """Stretches of speech of `PIECE_S`, at one loudness."""
    found = []
    for file in files:
        resampler = av.AudioResampler("fltp", "mono", RATE_HZ)
        with av.open(str(file)) as container:
            frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        sound = np.concatenate([frame.to_ndarray()[0] for frame in [*frames, *resampler.resample(None)]])
        size = round(PIECE_S * RATE_HZ)
        cut = [sound[i : i + size] for i in range(0, len(sound) - size + 1, size)]
        found += [piece / piece.std() * 0.02 for piece in cut if piece.std() > 1e-3]
    return found


def mixed(speech: Sequence[Sound], array: Array, room: Room, *, seed: int, pause_s: float = 0.5) -> Mixture:
    """Turns of the wearer and of others in random order, each piece of speech once.

    Near and far differ as sound does: pressure falls with distance, delays are those of the way, walls answer (image
    sources of first order), a head shades what it stands between.
    """
    rng = np.random.default_rng(seed)
    microphones = array.microphones + rng.normal(0, room.slip_m, 3)
    gains = 10 ** (rng.normal(0, room.gain_db, len(microphones)) / 20)
    size, gap = round(PIECE_S * RATE_HZ), round(pause_s * RATE_HZ)
    total = gap + len(speech) * (size + gap)
    heard = np.zeros((total, len(microphones)))
    turns = []
    for number, piece in enumerate(speech):
        who = WEARER if rng.random() < 0.5 else OTHER
        at = gap + number * (size + gap)
        place = array.mouth + rng.normal(0, room.face_m, 3) if who == WEARER else _place(rng, room.others_m)
        louder = 10 ** (rng.normal(0, 3) / 20)
        heard[at : at + size] += louder * _through(piece, place, microphones, room, rng)
        if rng.random() < room.overlap:
            second = speech[(number + 1) % len(speech)]
            heard[at : at + size] += _through(second, _place(rng, room.others_m), microphones, room, rng)
        if who == OTHER and room.interrupted and rng.random() < room.interrupted:
            own = speech[(number + 2) % len(speech)]
            heard[at : at + size] += _through(own, array.mouth, microphones, room, rng)
        turns.append((at / RATE_HZ, (at + size) / RATE_HZ, who))
    noise = _noise(rng, total, microphones) * 0.02 * 10 ** (-room.snr_db / 20)
    if room.wind_db is not None:
        noise = noise + _wind(rng, total, len(microphones)) * 0.02 * 10 ** (room.wind_db / 20)
    gains[list(room.dead)] = 0.0
    return Mixture(((heard + noise) * gains * 0.05).clip(-1, 1).astype(np.float32), tuple(turns))


def _place(rng: np.random.Generator, distance_m: tuple[float, float]) -> Points:
    azimuth, height = rng.uniform(-np.pi, np.pi), rng.uniform(-0.3, 0.3)
    way = np.array([np.sin(azimuth), height, np.cos(azimuth)])
    return np.asarray(way / np.linalg.norm(way) * rng.uniform(*distance_m))


def _through(
    piece: Sound,
    place: Points,
    microphones: Points,
    room: Room,
    rng: np.random.Generator,
) -> Points:
    """A piece of speech at each microphone, shape (N, M)."""
    walls = rng.uniform(1.2, 3.0, 6)
    images = [(place, 1.0)]
    for axis in range(3):
        for sign, wall in ((1, walls[2 * axis]), (-1, walls[2 * axis + 1])):
            mirrored = place.copy()
            mirrored[axis] = 2 * sign * wall - mirrored[axis]
            images.append((mirrored, room.echo))
    hz = np.fft.rfftfreq(2 * len(piece), 1 / RATE_HZ)
    spectrum = np.fft.rfft(piece, 2 * len(piece))
    answer = np.zeros((len(hz), len(microphones)), np.complex128)
    for source, strength in images:
        distance = np.linalg.norm(microphones - source, axis=1)
        shade = 10 ** (-_shade_db(source, microphones) / 20)
        answer += strength * shade / distance * np.exp(-2j * np.pi * hz[:, None] * distance / SPEED_OF_SOUND_M_S)
    return np.asarray(np.fft.irfft(spectrum[:, None] * answer, axis=0)[: len(piece)])


def _shade_db(source: Points, microphones: Points) -> Points:
    """Loss behind a head of which the ears' middle is the centre: up to 6 dB on the far side."""
    centre = np.array([0.0, 0.0, -0.08])
    outward = (microphones - centre) / np.linalg.norm(microphones - centre, axis=1, keepdims=True)
    towards = (source - centre) / np.linalg.norm(source - centre)
    return np.asarray(6.0 * np.maximum(0.0, -(outward @ towards)))


def _noise(rng: np.random.Generator, samples: int, microphones: Points) -> Points:
    """Noise from all sides, falling by 6 dB an octave above 500 Hz; 1 is a talker's loudness at one metre."""
    count = 4 * RATE_HZ  # repeated: sides and level do not change
    hz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    shape = 1 / np.maximum(1.0, hz / 500.0)
    total = np.zeros((len(hz), len(microphones)), np.complex128)
    for _ in range(12):
        way = rng.normal(size=3)
        way /= np.linalg.norm(way)
        spectrum = (rng.normal(size=len(hz)) + 1j * rng.normal(size=len(hz))) * shape
        total += spectrum[:, None] * np.exp(2j * np.pi * hz[:, None] * (microphones @ way) / SPEED_OF_SOUND_M_S)
    heard = np.fft.irfft(total, count, axis=0)
    return np.asarray(np.resize(heard / heard.std(), (samples, len(microphones))))


def _wind(rng: np.random.Generator, samples: int, count: int) -> Points:
    """Noise of each microphone's own, louder at some, falling by 6 dB an octave above 100 Hz."""
    hz = np.fft.rfftfreq(samples, 1 / RATE_HZ)
    spectrum = rng.normal(size=(len(hz), count)) + 1j * rng.normal(size=(len(hz), count))
    blown = np.fft.irfft(spectrum / np.maximum(1.0, hz / 100.0)[:, None], samples, axis=0)
    return np.asarray(blown / blown.std() * 10 ** (rng.normal(0, 4, count) / 20))
