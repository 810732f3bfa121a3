"""Speech: batched engines beside openai-whisper one clip at a time, on the same weights, clips and tokens; the VAD.

    python benchmarks/asr_bench.py                        random weights of the size of `base`, 40 tokens a clip
    python benchmarks/asr_bench.py --whisper-model PATH   also word and character error rates of real weights

Clips are what silero-vad finds in real speech of ../shared/corpora; without that folder they are bursts of noise.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["NUMBA_NUM_THREADS"] = "1"

import av
import numpy as np
import torch
import whisper
from ctranslate2.models import Whisper as CT2Whisper
from measure import Figure, at_least, at_most, cpu_seconds, options, parser, report, size
from speech_errors import error_rates
from whisper.model import ModelDimensions, Whisper
from whisper.timing import find_alignment
from whisper.tokenizer import get_tokenizer

from osmo.tasks.engines.answers import text_tokens
from osmo.tasks.engines.ct2_model import write_ct2
from osmo.tasks.engines.faster_whisper import CT2Ear
from osmo.tasks.engines.listening import Ear, mel_spectrograms
from osmo.tasks.engines.whisper import TorchEar
from osmo.tasks.speech import SAMPLE_RATE_HZ, Sound, Stretch, speech

CORPORA = Path(os.environ.get("OSMO_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "corpora"))
FOLDERS = ("speech_en", "speech_zh", "ami_multispeaker")
BATCH = 8
PEER = "openai-whisper, one clip at a time"
parser().add_argument("--whisper-model", help="path or name of real weights: prints error rates")
TOKENS = size(40, 4)
Tokens = list[tuple[int, ...]]


def sounds() -> list[Sound]:
    """Real recordings, or noise in bursts."""
    if not CORPORA.is_dir():
        bursts = np.repeat(np.random.default_rng(0).uniform(0, 0.3, (4, 24)), SAMPLE_RATE_HZ // 2, axis=1)
        return [(row * np.random.default_rng(1).normal(0, 1, row.size)).astype(np.float32) for row in bursts]
    files = sorted(path for name in FOLDERS for path in (CORPORA / name).glob("*.[fw][la][av]*"))
    return [read(path) for path in files]


def read(path: Path) -> Sound:
    resampler = av.AudioResampler("s16", "mono", SAMPLE_RATE_HZ)
    with av.open(str(path)) as container:
        frames = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    pcm = np.concatenate([part.to_ndarray()[0] for part in [*frames, *resampler.resample(None)]])
    return pcm.astype(np.float32) / 32768


def spoken(sound: Sound) -> list[Stretch]:
    def hear(start_s: float, end_s: float) -> Sound:
        return sound[round(start_s * SAMPLE_RATE_HZ) : round(end_s * SAMPLE_RATE_HZ)]

    return speech(hear, len(sound) / SAMPLE_RATE_HZ, threshold=0.5, pause_s=0.8)


def cut(sound: Sound) -> list[Sound]:
    rate = SAMPLE_RATE_HZ
    return [sound[round(one.start_s * rate) : round(one.end_s * rate)] for one in spoken(sound)]


def model_of_random_weights() -> Any:
    """The size of Whisper `base`; weights small enough that no answer ends before its last token."""
    width, layers = (16, 1) if options().small else (512, 6)
    dims = ModelDimensions(80, 1500, width, max(1, width // 64), layers, 51865, 448, width, max(1, width // 64), layers)
    torch.manual_seed(0)
    model = Whisper(dims).eval()
    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.05)
    return model


def one_by_one(model: Any, clips: Sequence[Sound], *, timed: bool) -> Tokens:
    """What whisper.transcribe does with one window: spectrogram, decode, and for word times encode and align again."""
    tokenizer = get_tokenizer(True, num_languages=model.num_languages, language="en", task="transcribe")
    wanted = whisper.DecodingOptions(language="en", sample_len=TOKENS, fp16=False)
    found = []
    for clip in clips:
        mel = whisper.log_mel_spectrogram(whisper.pad_or_trim(clip))
        answer = whisper.decode(model, mel, wanted)
        if timed:
            find_alignment(model, tokenizer, text_tokens(answer.tokens, tokenizer), mel, len(clip) // 160)
        found.append(tuple(answer.tokens))
    return found


def batched(ear: Ear, clips: Sequence[Sound], *, timed: bool, batch: int = BATCH) -> Tokens:
    """What our engines do with a batch whose language is told, as the peer's is."""
    tokenizer = ear.tokenizer("en")
    found: Tokens = []
    for at in range(0, len(clips), batch):
        some = clips[at : at + batch]
        encoded = ear.encode(mel_spectrograms(some, ear.mels))
        answers = ear.decode(encoded, "en", TOKENS)
        if timed:
            texts = [text_tokens(answer.tokens, tokenizer) for answer in answers]
            ear.align(encoded, "en", texts, [len(clip) // 160 for clip in some])
        found += [answer.tokens for answer in answers]
    return found


def engines(model: Any) -> dict[str, Ear]:
    with tempfile.TemporaryDirectory() as folder:
        write_ct2(model, Path(folder))
        converted = {
            kind: CT2Ear(CT2Whisper(folder, compute_type=kind, intra_threads=1)) for kind in ("float32", "int8")
        }
    return {
        "`whisper`, fp32": TorchEar(model),
        "`faster_whisper`, fp32": converted["float32"],
        "`faster_whisper`, int8": converted["int8"],
    }


def transcription(model: Any, ears: dict[str, Ear], clips: Sequence[Sound]) -> Iterator[Figure]:
    """Each engine beside the peer, with word times and without."""
    expected = one_by_one(model, clips, timed=False)
    for name, ear in ears.items():
        heard = batched(ear, clips, timed=False)
        assert [len(one) for one in heard] == [TOKENS] * len(clips), f"{name} stopped early"
        assert "int8" in name or heard == expected, f"{name} heard other tokens"
    for timed in (True, False):
        runs: list[Callable[[], object]] = [lambda timed=timed: one_by_one(model, clips, timed=timed)]  # type: ignore[misc]
        runs += [lambda ear=ear, timed=timed: batched(ear, clips, timed=timed) for ear in ears.values()]  # type: ignore[misc]
        peer, *ours = cpu_seconds(*runs, repeat=2)
        what = "words and their times" if timed else "words alone"
        for name, seconds in zip(ears, ours, strict=True):
            title = f"{what} of {len(clips)} clips, {TOKENS} tokens each, by {name}, {BATCH} at once"
            yield at_least(title, PEER, seconds, peer, 3.0)


def silence(model: Any, recordings: Sequence[Sound]) -> tuple[Figure, str]:
    """Encoder passes over a recording that is a quarter speech: all of its windows, or only its stretches of speech."""
    pause = np.zeros(3 * max(len(one) for one in recordings), np.float32)
    whole = np.concatenate([part for one in recordings for part in (one, pause[: 3 * len(one)])])
    ear = TorchEar(model)

    def encode(clips: Sequence[Sound]) -> None:
        for at in range(0, len(clips), BATCH):
            ear.encode(mel_spectrograms(clips[at : at + BATCH], ear.mels))

    step = 30 * SAMPLE_RATE_HZ
    windows = [whole[at : at + step] for at in range(0, len(whole), step)]
    gated, plain = cpu_seconds(lambda: encode(cut(whole)), lambda: encode(windows), repeat=2)
    title = f"VAD and encoding the speech of {len(whole) / SAMPLE_RATE_HZ:.0f} s, a quarter of it speech"
    passes = f"{len(cut(whole))} stretches of speech instead of {len(windows)} windows of 30 s"
    return at_least(title, "encoding all of its windows", gated, plain, None), passes


def main() -> None:
    torch.set_num_threads(1)
    recordings = sounds()[: size(100, 2)]
    clips = sorted((clip for one in recordings for clip in cut(one)), key=len)
    clips = clips[:: max(1, len(clips) // size(8, 2))][: size(8, 2)]
    model = model_of_random_weights()
    figures = list(transcription(model, engines(model), clips))
    seconds = sum(map(len, clips)) / SAMPLE_RATE_HZ
    rates = (f"{seconds / one.seconds:.2f} beside the peer's {seconds / one.peer_seconds:.2f}" for one in figures)
    notes: dict[str, object] = {
        f"Seconds of speech per CPU second, {one.what}": rate for one, rate in zip(figures, rates, strict=True)
    }
    skipped, passes = silence(model, recordings)
    notes["Silence skipped"] = passes
    (heard,) = cpu_seconds(lambda: [spoken(one) for one in recordings])
    length_s = sum(map(len, recordings)) / SAMPLE_RATE_HZ
    vad = at_most(f"silero-vad over {length_s:.0f} s of sound", "real time", heard, length_s, None)
    notes |= error_rates(options().whisper_model, CORPORA, read)
    report([*figures, skipped, vad], notes=notes)


if __name__ == "__main__":
    main()
