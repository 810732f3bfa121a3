"""What of tasks/coefficients.toml can be measured without weights: tokens of prompts, sound and pictures, media cut.

    python benchmarks/coefficients.py            prints what it measures beside what the file says
    python benchmarks/coefficients.py --json     the same for programs
    python benchmarks/coefficients.py --check    exit code 1 where the file says something else, by a fifth or more
    python benchmarks/coefficients.py --table    the file as the table of docs/cost.md

Tokens of text are counted with the byte-pair vocabularies that Whisper's package brings (GPT-2's for English, its own
multilingual one for Mandarin): no vocabulary of the models themselves comes with a package. Theirs are larger, so these
counts are a little high. Tokens of sound and pictures come from the models' own processors in `transformers`, which
need no weights.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from string import Template

import numpy as np

from osmo.annotators.lmm import affectgpt, desta, emotion_llama, qwen2_5_omni, qwen2_5_vl, qwen2_audio
from osmo.annotators.lmm.media_parts import Pictures
from osmo.annotators.lmm.traits import DescriberTraits, VoterTraits
from osmo.annotators.lmm.wording import describe_text, vote_text
from osmo.annotators.prompt import prompt
from osmo.annotators.voter import Utterance
from osmo.tasks.coefficients import coefficient_file, coefficient_table

REPOSITORY = Path(__file__).resolve().parents[1]
CORPORA = Path(os.environ.get("OSMO_CORPORA", REPOSITORY.parent / "shared" / "corpora"))
MARKUP_TOKENS = 15
"""Of a chat template around one system and one user message, and the start of the answer: Llama 3's has that many."""

PROXY = (360, 640)
TOLERANCE = 0.2


SAID = "x"
"""A segment's words, as short as can be: what more is said is counted by its characters."""


class _Blank(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return ""


def tokens(text: str, vocabulary: str = "gpt2") -> int:
    """Tokens of a text."""
    from whisper.tokenizer import get_encoding

    return len(get_encoding(vocabulary).encode(text))


def prompt_tokens(name: str) -> int:
    """Of a prompt file whose slots are empty."""
    found = prompt(name)
    return MARKUP_TOKENS + tokens(found.system) + tokens(Template(found.user).substitute(_Blank()))


def vote_tokens(traits: VoterTraits) -> int:
    """Of a voter's question about next to no words."""
    one = Utterance("s", "r", 0.0, 4.0, SAID, "en", "wearer")
    asked = prompt(traits.name)
    text = vote_text(asked, one, words=traits.words.values(), given=traits.takes)
    return MARKUP_TOKENS + tokens(asked.system) + tokens(text) - tokens(SAID)


def describe_tokens(traits: DescriberTraits) -> int:
    """Of a describer's question."""
    asked = prompt(f"describe_{traits.describes}")
    return MARKUP_TOKENS + tokens(asked.system) + tokens(describe_text(asked, seconds=4.0, language="en"))


def audio_tokens_per_s() -> float:
    """Of Qwen2-Audio, by its processor, over lengths up to what it is given."""
    from tokenizers import Tokenizer
    from tokenizers.models import WordLevel
    from transformers import PreTrainedTokenizerFast, WhisperFeatureExtractor
    from transformers.models.qwen2_audio.processing_qwen2_audio import Qwen2AudioProcessor

    words = {"[UNK]": 0, "<|AUDIO|>": 1, "<|audio_bos|>": 2, "<|audio_eos|>": 3}
    plain = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(WordLevel(words, unk_token="[UNK]")),
        unk_token="[UNK]",
        additional_special_tokens=list(words)[1:],
    )
    processor = Qwen2AudioProcessor(WhisperFeatureExtractor(feature_size=128), plain)
    lengths = np.arange(2.0, qwen2_audio.LONGEST_S + 0.1, 5.5)
    counts = []
    for seconds in lengths:
        sound = np.zeros(int(seconds * 16_000), np.float32)
        found = processor(text="<|AUDIO|>", audio=[sound], sampling_rate=16_000)["input_ids"]
        counts.append(int((np.asarray(found) == 1).sum()))
    return float(np.polyfit(lengths, counts, 1)[0])


def frame_tokens(height: int, width: int) -> float:
    """Of one picture for Qwen2.5-VL: patches of 14 pixels, merged 2 × 2, two pictures in one."""
    from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import smart_resize

    high, wide = smart_resize(height, width)
    return high * wide / 28**2 / 2


def spoken(language: str) -> Iterator[str]:
    """What is said in the corpora."""
    if language == "en":
        for file in sorted((CORPORA / "meld_dev").glob("*/transcript.csv")):
            with file.open(newline="", encoding="utf-8") as lines:
                yield from (row["text"] for row in csv.DictReader(lines))
    else:
        with (CORPORA / "cped" / "valid_split.csv").open(newline="", encoding="utf-8-sig") as lines:
            yield from (row["Utterance"] for row in csv.DictReader(lines) if row["Utterance"])


def tokens_per_char(language: str) -> float:
    texts = list(spoken(language))
    vocabulary = "gpt2" if language == "en" else "multilingual"
    return sum(tokens(text, vocabulary) for text in texts) / sum(map(len, texts))


def measured() -> dict[str, float]:
    """By role, annotator and coefficient."""
    found: dict[str, float] = {}
    for traits in (emotion_llama.TRAITS, affectgpt.TRAITS, desta.TRAITS, qwen2_audio.TRAITS):
        of = f"voter.{traits.name}"
        found[f"{of}.prompt_tokens"] = vote_tokens(traits)
        found |= _pictures(of, traits.pictures)
    for describer in (qwen2_5_vl.DESCRIBES, qwen2_5_omni.DESCRIBES, qwen2_audio.DESCRIBES):
        of = f"describer.{describer.name}"
        found[f"{of}.prompt_tokens"] = describe_tokens(describer)
        found |= _pictures(of, describer.pictures)
    found["voter.qwen2_audio.audio_per_s"] = found["describer.qwen2_audio.audio_per_s"] = audio_tokens_per_s()
    found["voter.qwen2_audio.longest_audio_s"] = qwen2_audio.LONGEST_S
    found["describer.qwen2_5_vl.frame_tokens"] = frame_tokens(*PROXY)
    found["judge.llama3.prompt_tokens"] = prompt_tokens("judge")
    found["writer.llama3.prompt_tokens"] = prompt_tokens("sense")
    if CORPORA.is_dir():
        found["text.tokens_per_char_en"] = tokens_per_char("en")
        found["text.tokens_per_char_zh"] = tokens_per_char("zh")
    return found


def _pictures(of: str, pictures: Pictures | None) -> dict[str, float]:
    return {} if pictures is None else {f"{of}.frames_per_s": pictures.fps, f"{of}.frames_most": float(pictures.most)}


def cutting() -> dict[str, float]:
    """CPU seconds and bytes of cutting one segment's media of the sample, 4 s each; media decoded before."""
    from osmo.annotators.lmm.media_parts import picture_part, sound_part
    from osmo.schemas.config import OsmoConfig, Source, StoreConfig
    from osmo.storage.media import Media
    from osmo.storage.store import Store
    from osmo.tasks.ingest import ingest
    from osmo.tasks.pipeline import Pipeline

    with tempfile.TemporaryDirectory() as place:
        config = OsmoConfig.model_construct(
            sources=(Source(path=str(REPOSITORY / "examples" / "sample")),), store=StoreConfig(uri=place, buckets=1)
        )
        store = Store.open(place, buckets=1)
        ingest(store, config.sources)
        pipeline = Pipeline(store, config)
        pipeline.run_bucket("media", 0)
        media = Media(pipeline.cache, pipeline.renew().views.recording_media(0))
        name = next(
            str(one) for one in pipeline.views.recordings(0)["recording_id"].to_pylist() if media.has(str(one), "proxy")
        )
        starts = [0.0, 1.0, 2.0, 3.0, 4.0] * 4
        began = time.process_time()
        sounds = [sound_part(media, name, at, at + 4.0, longest_s=30.0) for at in starts]
        between = time.process_time()
        films = [
            picture_part(media, name, at, at + 4.0, pictures=emotion_llama.TRAITS.pictures or Pictures(8.0, 64))
            for at in starts
        ]
        ended = time.process_time()
    return {
        "sound: CPU seconds": (between - began) / len(starts),
        "sound: bytes": float(np.mean([len(one.content) for one in sounds])),
        "pictures, 8 a second: CPU seconds": (ended - between) / len(starts),
        "pictures, 8 a second: bytes": float(np.mean([len(one.content) for one in films])),
    }


def stated(name: str) -> float:
    """What the file says."""
    value: object = coefficient_file()
    for part in name.split("."):
        value = value[part] if isinstance(value, dict) else getattr(value, part)
    return float(value.value)  # type: ignore[attr-defined]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--check", action="store_true", help="measure no media; compare with the file")
    parser.add_argument("--table", action="store_true", help="measure nothing; print the file as a table")
    arguments = parser.parse_args()
    if arguments.table:
        print(coefficient_table())
        return
    found = measured()
    if arguments.check:
        wrong = [n for n, value in found.items() if abs(stated(n) - value) > TOLERANCE * max(value, 1e-9)]
        for name in wrong:
            print(f"{name}: the file says {stated(name):g}, measured {found[name]:.4g}")
        if wrong:
            print("Put what was measured into tasks/coefficients.toml, and what --table prints into docs/cost.md.")
        sys.exit(1 if wrong else 0)
    media = cutting()
    if arguments.json:
        print(json.dumps({"measured": found, "media of 4 s": media}, indent=2))
        return
    print("| coefficient | measured | in the file |\n| --- | ---: | ---: |")
    for name, value in found.items():
        print(f"| `{name}` | {value:.4g} | {stated(name):g} |")
    print("\n| media of one segment of 4 s | measured |\n| --- | ---: |")
    for name, value in media.items():
        print(f"| {name} | {value:,.4g} |")


if __name__ == "__main__":
    main()
