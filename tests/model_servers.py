"""Tiny models of true architectures, and the real server that answers with them.

`tiny_llama` has random weights. `answering_llama` answers one text, whatever it is asked: its layers add nothing, so
that the last token alone says which comes next, and the answer's pieces are tokens that follow each other.
"""

from __future__ import annotations

import functools
import itertools
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from server_processes import free_port, running

from osmo.annotators.transports.weights import model_revision
from osmo.schemas.endpoints import Endpoint

PIECE_CHARS = 12
CONTEXT_TOKENS = 65_536
SPECIAL = ("<pad>", "<bos>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>")
AUDIO = ("<|im_start|>", "<|im_end|>", "<|audio_bos|>", "<|AUDIO|>", "<|audio_eos|>")
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def byte_tokenizer(more: tuple[str, ...] = (), special: tuple[str, ...] = SPECIAL, end: str = "<|end|>"):  # type: ignore[no-untyped-def]
    """A tokenizer whose tokens are bytes, special tokens and what else is named."""
    from tokenizers import AddedToken, Tokenizer, decoders
    from tokenizers.models import BPE
    from transformers import PreTrainedTokenizerFast

    tokens = {f"<0x{byte:02X}>": byte for byte in range(256)} | {"<unk>": 256}
    tokenizer = Tokenizer(BPE(tokens, [], unk_token="<unk>", byte_fallback=True))
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in special])
    tokenizer.add_tokens([AddedToken(piece, normalized=False) for piece in more])
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer,
        pad_token=special[0],
        eos_token=end,
        clean_up_tokenization_spaces=False,
        chat_template=TEMPLATE,
    )


def tiny_llama(folder: Path, *, seed: int = 0) -> Path:
    """A Llama of two layers and random weights, float32."""
    import torch
    from transformers import LlamaForCausalLM

    tokenizer = byte_tokenizer()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = LlamaForCausalLM(_llama_config(len(tokenizer), tokenizer, hidden_size=32, layers=2))
        _randomise(model, tokenizer)
    return _save(folder, model, tokenizer)


def answering_llama(folder: Path, answer: str) -> Path:
    """A Llama that answers `answer` to everything, and ends."""
    import torch
    from transformers import LlamaForCausalLM

    pieces = _pieces(answer)
    tokenizer = byte_tokenizer(pieces)
    chain = ["<|assistant|>", *pieces, "<|end|>"]
    ids = [tokenizer.convert_tokens_to_ids(piece) for piece in chain]
    width = -(-(len(chain) + 1) // 4) * 4
    model = LlamaForCausalLM(_llama_config(len(tokenizer), tokenizer, hidden_size=width, layers=1))
    with torch.no_grad():
        for layer in model.model.layers:
            layer.self_attn.o_proj.weight.zero_()
            layer.mlp.down_proj.weight.zero_()
        model.model.embed_tokens.weight.zero_()
        model.model.embed_tokens.weight[:, width - 1] = 1.0
        model.lm_head.weight.zero_()
        for place, (token, following) in enumerate(itertools.pairwise(ids)):
            model.model.embed_tokens.weight[token] = torch.eye(width)[place]
            model.lm_head.weight[following, place] = 10.0
    return _save(folder, model, tokenizer)


def tiny_qwen2_audio(folder: Path) -> Path:
    """A Qwen2-Audio of random weights, float32, with its processor; it hears 30 s at 16 kHz."""
    import torch
    from transformers import (
        Qwen2AudioConfig,
        Qwen2AudioForConditionalGeneration,
        Qwen2AudioProcessor,
        WhisperFeatureExtractor,
    )

    tokenizer = byte_tokenizer(special=("<pad>", *AUDIO), end="<|im_end|>")
    audio = {
        "model_type": "qwen2_audio_encoder", "num_mel_bins": 16, "d_model": 16, "encoder_layers": 1,
        "encoder_attention_heads": 2, "encoder_ffn_dim": 16, "max_source_positions": 1500,
    }  # fmt: skip
    text = {
        "model_type": "qwen2", "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 32,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2, "max_position_embeddings": 4096,
        "eos_token_id": tokenizer.eos_token_id, "pad_token_id": tokenizer.pad_token_id, "bos_token_id": None,
    }  # fmt: skip
    config = Qwen2AudioConfig(
        audio_config=audio, text_config=text, audio_token_index=tokenizer.convert_tokens_to_ids("<|AUDIO|>")
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Qwen2AudioForConditionalGeneration(config)
        _randomise(model, tokenizer)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    model.save_pretrained(folder, safe_serialization=True)
    tokenizer.chat_template = None
    extractor = WhisperFeatureExtractor(feature_size=16)  # type: ignore[no-untyped-call]
    Qwen2AudioProcessor(extractor, tokenizer).save_pretrained(folder)  # type: ignore[no-untyped-call]
    return folder


def _randomise(model, tokenizer) -> None:  # type: ignore[no-untyped-def]
    """Random weights, of a model that writes letters only, so that its answers can be told apart."""
    import torch

    for weights in model.parameters():
        torch.nn.init.normal_(weights, std=0.3)
    letters = [tokenizer.convert_tokens_to_ids(f"<0x{ord(letter):02X}>") for letter in string.ascii_lowercase]
    written = torch.zeros(len(tokenizer), 1)
    written[[*letters, tokenizer.eos_token_id]] = 1.0
    with torch.no_grad():
        model.get_output_embeddings().weight.mul_(written)


def _llama_config(tokens: int, tokenizer, *, hidden_size: int, layers: int):  # type: ignore[no-untyped-def]
    from transformers import LlamaConfig

    return LlamaConfig(
        vocab_size=tokens,
        hidden_size=hidden_size,
        intermediate_size=16,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=CONTEXT_TOKENS,
        tie_word_embeddings=False,
        bos_token_id=tokenizer.convert_tokens_to_ids("<bos>"),
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )


def _save(folder: Path, model, tokenizer) -> Path:  # type: ignore[no-untyped-def]
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def _pieces(answer: str) -> tuple[str, ...]:
    """The answer in pieces, no two alike."""
    pieces: list[str] = []
    left = answer
    while left:
        length = PIECE_CHARS
        while left[:length] in pieces and length < len(left):
            length += 1
        pieces.append(left[:length])
        left = left[length:]
    if len(set(pieces)) < len(pieces):
        pieces[-2:] = ["".join(pieces[-2:])]
    return tuple(pieces)


@dataclass(frozen=True)
class ModelServer:
    """A running chat server.

    Attributes:
        url: Its address, with /v1.
        model: The folder that it serves.
        revision: The hash of its weights.
    """

    url: str
    model: str
    revision: str
    process: subprocess.Popen[bytes] = field(repr=False)

    def endpoint(self, **changes: object) -> Endpoint:
        """A section [models.<name>] for it."""
        return Endpoint.model_validate(
            {"url": self.url, "model": self.model, "revision": self.revision, "concurrency": 2, **changes}
        )


@contextmanager
def serve(folder: Path, *, port: int | None = None, within_s: float = 240.0) -> Iterator[ModelServer]:
    """`transformers serve` with the model of a folder, offline, as `<folder>@<revision>`; ended with the block."""
    port = port or free_port()
    revision = model_revision(folder)
    command = [sys.executable, "-m", "transformers.cli.transformers", "serve", f"{folder}@{revision}"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with tempfile.TemporaryDirectory(prefix="transformers-serve-") as home:
        offline = {"HF_HOME": home, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"}
        health = f"http://127.0.0.1:{port}/health"
        with running(command, health, Path(home) / "log", environment=offline, within_s=within_s) as process:
            yield ModelServer(f"http://127.0.0.1:{port}/v1", str(folder), revision, process)


@pytest.fixture(scope="session")
def answering_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ModelServer]]:
    """The running server whose model answers a text: one per text and session (8 s each)."""
    with ExitStack() as running:

        @functools.cache
        def server(answer: str) -> ModelServer:
            return running.enter_context(serve(answering_llama(tmp_path_factory.mktemp("answering") / "model", answer)))

        yield server


@pytest.fixture(scope="session")
def llama_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny_llama`."""
    return tiny_llama(tmp_path_factory.mktemp("llama") / "model")


@pytest.fixture(scope="session")
def qwen2_audio_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`tiny_qwen2_audio`."""
    return tiny_qwen2_audio(tmp_path_factory.mktemp("qwen2-audio") / "model")
