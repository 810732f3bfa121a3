"""The command that serves a configured model by vLLM, which lives in an environment of its own.

Names of options and variables are those of vLLM 0.32.0's source (arg_utils.py, envs.py); vLLM itself was not run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import get_args
from urllib.parse import urlsplit

from osmo.annotators.servers.served import AttachmentKind, served
from osmo.annotators.servers.weights import model_folder, weights_sha256
from osmo.schemas.endpoints import PINNED, Endpoint

ENVIRONMENT_VARIABLE = "OSMO_VLLM_ENV"
KEY_VARIABLE = "VLLM_API_KEY"

NO_DOMAIN = "none.invalid"
"""The one domain that vLLM may fetch media from; it cannot exist (RFC 2606). Without any, vLLM fetches from all."""

_PRIVATE: dict[str, str] = {"VLLM_NO_USAGE_STATS": "1", "DO_NOT_TRACK": "1", "VLLM_MEDIA_URL_ALLOW_REDIRECTS": "0"}


class UnservableError(ValueError):
    """A model that vLLM cannot be started for."""

    def __init__(self, name: str, what: str, remedy: str) -> None:
        self.name = name
        super().__init__(f"models.{name} cannot be served: {what}. {remedy}")


@dataclass(frozen=True)
class Serving:
    """How a model is served, beside what its endpoint says.

    Attributes:
        weights: Local folder of the weights; null: vLLM fetches the model's commit by its id.
        max_model_len: Tokens of question and answer together; null: served.toml's.
        dtype: Of the weights on the device.
        gpu_memory_utilization: Share of the device's memory that vLLM takes, 0–1.
    """

    weights: Path | None = None
    max_model_len: int | None = None
    dtype: str = "auto"
    gpu_memory_utilization: float = 0.9


@dataclass(frozen=True)
class Command:
    """What is executed.

    Attributes:
        arguments: The executable and its arguments; no secret is among them.
        environment: Variables that are added; the key may be among them.
    """

    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(repr=False)


def command(name: str, endpoint: Endpoint, environ: Mapping[str, str], how: Serving) -> Command:
    """The command that serves the model of an endpoint.

    Args:
        name: The annotator.
        endpoint: Its endpoint.
        environ: The environment: where vLLM is installed, and the key.
        how: What the endpoint does not say.

    Raises:
        UnservableError: It is no chat server, its revision pins nothing, whatever the configuration allows, its
            address or key cannot be served, or vLLM is not installed.
        MissingEndpointError: It has no model or no address.
        UnpinnedModelError: Its revision pins nothing, and the configuration does not allow that.
    """
    if endpoint.transport != "chat":
        raise UnservableError(name, f"its transport is {endpoint.transport}", _OTHERS[endpoint.transport])
    identity = endpoint.identity(name)
    if endpoint.revision is None or not PINNED.fullmatch(endpoint.revision):
        what = f"its revision is {endpoint.revision!r}, which pins no weights"
        raise UnservableError(name, what, "Give the commit's 40 digits, or sha256:<64 digits> and --weights DIR.")
    host, port = _place(name, endpoint.address(name))
    arguments = [str(_executable(name, environ)), "serve", *_model(name, endpoint, how.weights)]
    arguments += ["--served-model-name", endpoint.served_name or identity]
    arguments += ["--host", host, "--port", str(port), "--load-format", "safetensors"]
    arguments += ["--generation-config", "vllm", "--dtype", how.dtype]
    arguments += ["--gpu-memory-utilization", f"{how.gpu_memory_utilization:g}"]
    needs = served(name)
    length = how.max_model_len or needs.max_model_len
    arguments += ["--max-model-len", str(length)] if length else []
    limits = {kind: int(kind in needs.attachments) for kind in get_args(AttachmentKind)}
    if needs.attachments:
        arguments += ["--limit-mm-per-prompt", json.dumps(limits)]
    # Media come inside requests: from no address, and from no folder, which without a path none may.
    arguments += ["--allowed-media-domains", NO_DOMAIN]
    return Command(tuple(arguments), {**_PRIVATE, **_key(name, endpoint, environ)})


_OTHERS = {
    "prescreen": "A sidecar serves it: python -m osmo.annotators.servers.sidecar.",
    "local": "It runs in the process that asks it; nothing is to be served.",
}


def _place(name: str, url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme != "http":
        raise UnservableError(
            name, f"{url} is not http", "Serve it by a configuration with the http address behind your proxy."
        )
    if parts.path != "/v1":
        raise UnservableError(name, f"{url} does not end in /v1, below which vLLM answers", "Add it to the url.")
    return parts.hostname or "127.0.0.1", parts.port or 80


def _executable(name: str, environ: Mapping[str, str]) -> Path:
    folder = environ.get(ENVIRONMENT_VARIABLE)
    path = Path(folder or "vllm-env") / "bin" / "vllm"
    if folder and path.is_file():
        return path
    raise UnservableError(
        name,
        f"{path} is not there" if folder else f"{ENVIRONMENT_VARIABLE} is not set",
        f"Install annotators/servers/requirements/vllm.txt into an environment of its own, and name it in "
        f"{ENVIRONMENT_VARIABLE}.",
    )


def _model(name: str, endpoint: Endpoint, weights: Path | None) -> list[str]:
    """The model and its revision: a folder whose hash is checked, or an id with the commit to fetch."""
    revision = str(endpoint.revision)
    if weights is not None:
        if revision.startswith("sha256:"):
            found = weights_sha256(weights, model_folder("vllm", weights))
            if revision != f"sha256:{found}":
                raise UnservableError(
                    name, f"the weights in {weights} hash to sha256:{found}", f"The configuration says {revision}."
                )
        return [str(weights)]
    if revision.startswith("sha256:"):
        raise UnservableError(
            name, "its revision is a hash of files, which cannot be fetched by it", "Give their folder: --weights DIR."
        )
    return [str(endpoint.model), "--revision", revision, "--tokenizer-revision", revision]


def _key(name: str, endpoint: Endpoint, environ: Mapping[str, str]) -> dict[str, str]:
    variable = endpoint.api_key_variable
    if variable is None:
        return {}
    if not environ.get(variable):
        raise UnservableError(name, f"{variable}, which holds its key, is not set", "Set it, or take it out.")
    return {KEY_VARIABLE: environ[variable]}
