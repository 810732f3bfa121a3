"""A sidecar: one research model behind `prescreen/1`, in the model's own environment.

    python -m osmo.annotators.servers.sidecar --backend NAME --weights DIR [--code DIR] [--revision REV] …

It needs fastapi, uvicorn, pydantic, numpy, av and what the model needs; of osmo only this folder, the contract and the
finder of extensions, so osmo is installed beside a model with `--no-deps`. `GET /health` is 200 once the model is
loaded, `GET /v1/info` says what is served, `POST /v1/predict` answers items. A key in $OSMO_SIDECAR_KEY is asked of
every request but `/health`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import hmac
import logging
import os
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response

from osmo.annotators.servers.backend import Backend, BackendOptions, BackendUnavailableError, backend
from osmo.annotators.servers.batching import Batcher
from osmo.annotators.servers.item_media import MediaRules
from osmo.annotators.servers.predicting import Desk, RequestRefusedError
from osmo.annotators.servers.weights import weights_sha256
from osmo.schemas.extensions import UnknownExtensionError
from osmo.schemas.prescreen_contract import CONTRACT, Info

KEY_VARIABLE = "OSMO_SIDECAR_KEY"
MIB = 1024 * 1024

log = logging.getLogger(__name__)


class RevisionMismatchError(ValueError):
    """A sidecar that was told to serve other weights than lie in its folder."""

    def __init__(self, said: str, found: str, folder: Path) -> None:
        super().__init__(
            f"--revision is {said}, and the weights in {folder} hash to sha256:{found}. Bring the weights that are "
            "meant, or give the revision of these."
        )


def sidecar_app(desk: Desk, info: Info, *, key: str | None = None, on_failure: Callable[[], None]) -> FastAPI:
    """The application around one model.

    Args:
        desk: What answers.
        info: What `/v1/info` says.
        key: What `Authorization: Bearer …` must hold; null: anybody may ask.
        on_failure: Called where the model cannot be loaded.
    """
    condition = desk.batcher.condition

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async def serve() -> None:
            error = await desk.batcher.load()
            if error is not None:
                log.error("the model was not loaded", exc_info=error)
                on_failure()
            await desk.batcher.run()

        serving = asyncio.create_task(serve())
        yield
        serving.cancel()
        desk.batcher.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None)

    @app.exception_handler(RequestRefusedError)
    async def refused(_: Request, error: RequestRefusedError) -> Response:
        headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
        return JSONResponse({"error": error.reason}, error.status, headers)

    def admit(request: Request) -> None:
        given = request.headers.get("authorization", "")
        if key is not None and not hmac.compare_digest(given.encode(), f"Bearer {key}".encode()):
            raise RequestRefusedError(401, f"the key in Authorization is not the one in the sidecar's ${KEY_VARIABLE}")

    @app.get("/health")
    async def health() -> Response:
        if condition.ill is not None:
            return JSONResponse({"status": "ill" if condition.loaded else "loading", "reason": condition.ill}, 503)
        return JSONResponse({"status": "ok", "in_hand": desk.batcher.in_hand})

    @app.get("/v1/info")
    async def information(request: Request) -> Response:
        admit(request)
        return _json(info.model_dump_json())

    @app.post("/v1/predict")
    async def predict(request: Request) -> Response:
        admit(request)
        return _json((await desk.predict(request)).model_dump_json())

    return app


def _json(text: str) -> Response:
    return Response(text, media_type="application/json")


def describe(served: Backend, folder: Path, revision: str | None, max_batch: int) -> Info:
    """What a sidecar says of its model; hashes the weights.

    Args:
        served: The model.
        folder: Its weights' folder.
        revision: What is served; null: the weights' hash says it.
        max_batch: Most items of one request.

    Raises:
        RevisionMismatchError: `revision` is another hash than the weights have.
        BackendUnavailableError: Weights are missing.
    """
    found = weights_sha256(folder, served.weights())
    said = revision or f"sha256:{found}"
    if said.startswith("sha256:") and said != f"sha256:{found}":
        raise RevisionMismatchError(said, found, folder)
    card = served.card
    return Info(
        contract=CONTRACT,
        model_id=card.model_id,
        revision=said,
        weights_sha256=found,
        license=card.license,
        modalities=list(card.modalities),
        languages=list(card.languages),
        max_clip_s=card.max_clip_s,
        label_support=list(card.label_support),
        deterministic=card.deterministic,
        max_batch=max_batch,
    )


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="sidecar", description="Serve one research model behind prescreen/1.")
    add = parser.add_argument
    add("--backend", required=True, help="file in annotators/servers/backends/")
    add("--weights", required=True, type=Path, help="folder of the weights, safetensors and JSON")
    add("--code", type=Path, help="the model's published code")
    add("--revision", help="commit of the weights, or sha256:… of them, which is checked; default: their hash")
    add("--device", default="cpu", help="cpu, cuda or cuda:0")
    add("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the backend")
    add("--host", default="127.0.0.1")
    add("--port", default=8101, type=int)
    add("--max-batch", default=8, type=int, help="most items of one request, and of one call of the model")
    add("--max-wait-ms", default=20.0, type=float, help="how long an item waits for others to fill its batch")
    add("--max-in-hand", default=64, type=int, help="most items without an answer; more are told to come again")
    add("--media-root", type=Path, help="folder below which file: URIs may point; without it none may")
    add("--max-media-mib", default=32.0, type=float, help="largest file of an item")
    add("--max-body-mib", default=128.0, type=float, help="longest request")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until told to end; the exit code, which is 1 where the model could not be loaded."""
    given = _arguments(argv)
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    settings = dict(one.partition("=")[::2] for one in given.set)
    weights = given.weights.resolve()
    try:
        served = backend(given.backend, BackendOptions(weights, given.code, given.device, settings))
        info = describe(served, weights, given.revision, given.max_batch)
    except (BackendUnavailableError, RevisionMismatchError, UnknownExtensionError) as error:
        sys.stderr.write(f"Error: {error}\n")
        return 1
    rules = MediaRules(given.media_root, int(given.max_media_mib * MIB), info.max_clip_s)
    batcher = Batcher(served, given.max_batch, given.max_wait_ms / 1000, max(given.max_in_hand, given.max_batch))
    desk = Desk(batcher, rules, served.card.modalities, int(given.max_body_mib * MIB))

    def end() -> None:
        server.should_exit = True

    app = sidecar_app(desk, info, key=os.environ.get(KEY_VARIABLE) or None, on_failure=end)
    server = uvicorn.Server(uvicorn.Config(app, given.host, given.port, log_level="warning"))
    server.run()
    return 0 if batcher.condition.loaded else 1


if __name__ == "__main__":
    sys.exit(main())
