"""The osmo command line."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from types import FrameType
from typing import Annotated, NoReturn

import typer

from osmo.flows import console
from osmo.flows.commands import (
    annotators,
    backup,
    build,
    compact,
    ingest,
    inspect,
    judge,
    people,
    quickstart,
    release,
    sense,
    setup,
    votes,
)

app = typer.Typer(
    name="osmo",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Turns smart-glasses recordings into trusted, versioned timelines of the wearer's emotions.",
    epilog="Exit codes: 0 done, 1 failed, 2 wrong usage or configuration, 3 something was left undone or refused.",
)

FAILED, MISUSED, INTERRUPTED = 1, 2, 130
_MISUSE = frozenset(
    {
        "ConfigError", "UnknownExtensionError", "UnknownStageError", "MissingEndpointError", "UnpinnedModelError",
        "WrongTransportError", "MissingKeyError", "UnservableError",
    }
)  # fmt: skip


@app.callback()
def _options(
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Show what the libraries log.")] = False,
) -> None:
    shown = logging.StreamHandler()
    if not verbose:
        # Prefect's own words go to its server, where `osmo up` started one; here the error itself is one message.
        shown.addFilter(lambda record: not record.name.startswith("prefect"))
        os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")
    level = logging.INFO if verbose else logging.ERROR
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s", handlers=[shown])
    os.environ.setdefault("DO_NOT_TRACK", "1")
    # Where no server runs, Prefect starts one for the length of a command; its own 20 s are short on a busy machine.
    os.environ.setdefault("PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS", "180")
    os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")


for group in (
    quickstart,
    setup,
    annotators,
    build,
    ingest,
    people,
    votes,
    judge,
    sense,
    inspect,
    release,
    backup,
    compact,
):
    group.register(app)


def main() -> None:
    """Run the command line; an error that the system knows is one message, any other a traceback."""
    pressed = _watch_interrupts()
    try:
        app()
    except BaseException as error:
        if pressed.is_set():  # whatever it became on its way: an extension's import turns it into an ImportError
            _end_interrupted()
        if not isinstance(error, Exception) or not _known(error):
            raise
        console.err.print(f"[bold red]Error:[/] {_plain(str(error))}", soft_wrap=True)
        sys.exit(MISUSED if type(error).__name__ in _MISUSE else FAILED)


def _watch_interrupts() -> threading.Event:
    """Remember that Ctrl-C was pressed, and interrupt as usual."""
    pressed = threading.Event()

    def interrupt(number: int, frame: FrameType | None) -> None:
        pressed.set()
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, interrupt)
    return pressed


def _end_interrupted() -> NoReturn:
    logging.raiseExceptions = False  # a handler that was being made when the key was pressed cannot be closed
    console.say("Interrupted. What is done is stored: run the same command again, and it goes on from there.")
    sys.exit(INTERRUPTED)


def _known(error: BaseException) -> bool:
    return type(error).__module__.split(".")[0] in ("osmo", "osiris_train")


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
