"""Turns an openai-whisper model into a CTranslate2 model of the same weights."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from ctranslate2.specs.whisper_spec import WhisperSpec

Weights = dict[str, npt.NDArray[np.float32]]


def write_ct2(model: Any, folder: Path) -> None:
    """Write a model in fp32; CTranslate2 quantises when it loads.

    Args:
        model: `whisper.model.Whisper`.
        folder: An empty folder, gets model.bin, config.json and vocabulary.json.
    """
    spec = whisper_spec(model)
    spec.validate()
    spec.optimize()
    spec.save(str(folder))


def whisper_spec(model: Any) -> WhisperSpec:
    """The CTranslate2 specification of a model: the same layers, with queries, keys and values fused.

    Args:
        model: `whisper.model.Whisper`.
    """
    from ctranslate2.specs import whisper_spec as specs

    dims = model.dims
    weights: Weights = {name: tensor.float().numpy() for name, tensor in model.state_dict().items()}
    spec = specs.WhisperSpec(dims.n_audio_layer, dims.n_audio_head, dims.n_text_layer, dims.n_text_head)
    for conv in ("conv1", "conv2"):
        _linear(getattr(spec.encoder, conv), weights, f"encoder.{conv}")
    spec.encoder.position_encodings.encodings = weights["encoder.positional_embedding"]
    _norm(spec.encoder.layer_norm, weights, "encoder.ln_post")
    for at, layer in enumerate(spec.encoder.layer):
        _layer(layer, weights, f"encoder.blocks.{at}")
    spec.decoder.embeddings.weight = weights["decoder.token_embedding.weight"]
    spec.decoder.projection.weight = weights["decoder.token_embedding.weight"]
    spec.decoder.position_encodings.encodings = weights["decoder.positional_embedding"]
    _norm(spec.decoder.layer_norm, weights, "decoder.ln")
    for at, layer in enumerate(spec.decoder.layer):
        _layer(layer, weights, f"decoder.blocks.{at}")
        _attention(layer.attention, weights, f"decoder.blocks.{at}.cross_attn", fused=(("query",), ("key", "value")))
        _norm(layer.attention.layer_norm, weights, f"decoder.blocks.{at}.cross_attn_ln")
    spec.register_vocabulary(_vocabulary(model))
    _configure(spec.config, model)
    return spec


def _layer(spec: Any, weights: Weights, name: str) -> None:
    _attention(spec.self_attention, weights, f"{name}.attn", fused=(("query", "key", "value"),))
    _norm(spec.self_attention.layer_norm, weights, f"{name}.attn_ln")
    _linear(spec.ffn.linear_0, weights, f"{name}.mlp.0")
    _linear(spec.ffn.linear_1, weights, f"{name}.mlp.2")
    _norm(spec.ffn.layer_norm, weights, f"{name}.mlp_ln")


def _attention(spec: Any, weights: Weights, name: str, *, fused: tuple[tuple[str, ...], ...]) -> None:
    width = weights[f"{name}.query.weight"].shape[0]
    none = np.zeros(width, np.float32)  # Whisper's keys have no bias
    for linear, parts in zip(spec.linear, fused, strict=False):
        linear.weight = np.concatenate([weights[f"{name}.{part}.weight"] for part in parts])
        linear.bias = np.concatenate([weights.get(f"{name}.{part}.bias", none) for part in parts])
    _linear(spec.linear[-1], weights, f"{name}.out")


def _linear(spec: Any, weights: Weights, name: str) -> None:
    spec.weight = weights[f"{name}.weight"]
    spec.bias = weights[f"{name}.bias"]


def _norm(spec: Any, weights: Weights, name: str) -> None:
    spec.gamma = weights[f"{name}.weight"]
    spec.beta = weights[f"{name}.bias"]


def _vocabulary(model: Any) -> list[str]:
    """Names of all tokens, each byte a character. CTranslate2 knows a multilingual model by its token without bytes."""
    from whisper.tokenizer import get_tokenizer

    encoding = get_tokenizer(model.is_multilingual, num_languages=model.num_languages).encoding
    return [encoding.decode_single_token_bytes(token).decode("latin-1") for token in range(model.dims.n_vocab)]


def _configure(config: Any, model: Any) -> None:
    from whisper.tokenizer import get_tokenizer

    tokenizer = get_tokenizer(model.is_multilingual, num_languages=model.num_languages)
    config.suppress_ids = sorted(tokenizer.non_speech_tokens)
    config.suppress_ids_begin = [*tokenizer.encode(" "), tokenizer.eot]
    config.lang_ids = list(tokenizer.all_language_tokens) if model.is_multilingual else []
    config.alignment_heads = [[int(layer), int(head)] for layer, head in model.alignment_heads.indices().T.tolist()]
