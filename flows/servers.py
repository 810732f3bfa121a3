"""Label Studio and Prefect on this machine: installed once, started detached, ended exactly as they were started."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
from pydantic import BaseModel, ConfigDict, ValidationError

from osmo.annotators.human import installation
from osmo.annotators.human.installation import Credentials, tail
from osmo.annotators.human.pseudonyms import Pseudonyms

HOME_VARIABLE = "OSMO_HOME"
START_S = 300.0
"""Label Studio's first start migrates its database: 53 s on an idle machine of two cores."""
_STOP_S = 15.0
_CLOCK_S = 2.0

Progress = Callable[[str], None]


class ServerStartError(RuntimeError):
    """A server did not come up."""

    def __init__(self, name: str, problem: str, log: Path) -> None:
        self.name = name
        self.log = log
        super().__init__(
            f"{name} did not start: {problem}. The end of {log}:\n{tail(log)}\n`osmo down` ends what is left of it; "
            "then run `osmo up` again."
        )


class Server(BaseModel):
    """One server that was started here: its process, known by id and time of creation, its address and its log."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    pid: int
    created: float
    url: str
    log: Path

    def process(self) -> psutil.Process | None:
        """Its process; null: it ended, and the id may be another's by now."""
        try:
            found = psutil.Process(self.pid)
            alive = found.status() != psutil.STATUS_ZOMBIE and abs(found.create_time() - self.created) < _CLOCK_S
        except psutil.NoSuchProcess:
            return None
        return found if alive else None


class Servers(BaseModel):
    """Both servers, as the state file holds them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label_studio: Server
    prefect: Server

    @property
    def prefect_api(self) -> str:
        """What PREFECT_API_URL is for flows that use the server."""
        return f"{self.prefect.url}/api"


def home() -> Path:
    """Folder of everything that servers leave on this machine: $OSMO_HOME, else ./.osmo."""
    return Path(os.environ.get(HOME_VARIABLE) or ".osmo").absolute()


def data_folder() -> Path:
    """Label Studio's folder: database, credentials and the media it may show."""
    return home() / "label-studio"


def credentials() -> Credentials:
    """Label Studio's credentials, made at the first call."""
    return installation.open_credentials(data_folder() / "credentials.json")


def pseudonyms() -> Pseudonyms:
    """The pseudonyms of this home; the key is made at the first call."""
    return Pseudonyms.open(home() / "pseudonym.key")


def media_root() -> Path:
    """The one folder whose files Label Studio may show."""
    return installation.media_root(data_folder())


def install(*, progress: Progress = lambda _: None) -> None:
    """Install Label Studio into its own environment, where it is not there yet."""
    with _lock("install"):
        installation.install(home(), progress=progress)


def state() -> Servers | None:
    """The servers that run; null: one of them does not, or none was started."""
    listed = {server.name: server for server in _listed() if server.process()}
    if {"label_studio", "prefect"} <= set(listed):
        return Servers(label_studio=listed["label_studio"], prefect=listed["prefect"])
    return None


def up(
    *, label_studio_port: int | None = None, prefect_port: int | None = None, progress: Progress = lambda _: None
) -> Servers:
    """Start what does not run yet, and wait until both answer. What runs is kept, on the port that it has.

    Args:
        label_studio_port: Of a server that has to be started; null: any free one.
        prefect_port: The same of Prefect.
        progress: Told what happens.

    Raises:
        InstallError: Label Studio could not be installed.
        ServerStartError: A server ended or did not answer in time; the end of its log is in the message.
    """
    install(progress=progress)
    with _lock("servers"):
        running = {server.name: server for server in _listed() if server.process()}
        starts = (("label_studio", label_studio_port, _label_studio), ("prefect", prefect_port, _prefect))
        for name, port, how in starts:
            if name not in running:
                progress(f"Starting {_title(name)}")
                command, environment = how(port or _free_port())
                running[name] = _spawn(name, command, environment, _address(command))
                _write(list(running.values()))  # before waiting: `down` ends also a server that never came up
        for name, path in (("prefect", "/api/health"), ("label_studio", "/health")):
            _wait(running[name], path, progress)
    return Servers(label_studio=running["label_studio"], prefect=running["prefect"])


def down() -> list[str]:
    """End exactly the servers that `up` started here; gives what was ended, one line each."""
    ended: list[str] = []
    with _lock("servers"):
        for server in _listed():
            if (process := server.process()) is not None:
                _end(process)
                ended.append(f"{_title(server.name)} at {server.url} (process {server.pid})")
        _state_file().unlink(missing_ok=True)
    return ended


def _label_studio(port: int) -> tuple[list[str], Mapping[str, str]]:
    installation.media_root(data_folder()).mkdir(parents=True, exist_ok=True)
    return installation.server_command(home(), port), installation.server_environment(data_folder(), credentials())


def _prefect(port: int) -> tuple[list[str], Mapping[str, str]]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = kept | {
        "PREFECT_HOME": str(home() / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    return command, environment


def _spawn(name: str, command: list[str], environment: Mapping[str, str], url: str) -> Server:
    log = home() / "logs" / f"{name.replace('_', '-')}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        started = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            start_new_session=True,
        )
    return Server(name=name, pid=started.pid, created=psutil.Process(started.pid).create_time(), url=url, log=log)


def _wait(server: Server, path: str, progress: Progress) -> None:
    progress(f"Waiting for {_title(server.name)} at {server.url}")
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        if server.process() is None:
            raise ServerStartError(_title(server.name), "its process ended", server.log)
        try:
            if httpx.get(f"{server.url}{path}", timeout=5.0).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.25)
    raise ServerStartError(_title(server.name), f"no answer within {START_S:.0f} s", server.log)


def _end(process: psutil.Process) -> None:
    """End a process and its group: politely, then not."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)  # each was started as the leader of a group of its own
            process.wait(timeout=_STOP_S)
        except (ProcessLookupError, psutil.NoSuchProcess):
            return
        except psutil.TimeoutExpired:
            continue


def _listed() -> list[Server]:
    """What the state file names, whether it runs or not; a damaged file names nothing."""
    try:
        listed = _State.model_validate_json(_state_file().read_bytes())
    except (FileNotFoundError, ValidationError):
        return []
    return listed.servers


class _State(BaseModel):
    servers: list[Server]


def _write(servers: list[Server]) -> None:
    draft = _state_file().with_name(f".servers.{secrets.token_hex(4)}")
    draft.write_text(_State(servers=servers).model_dump_json(indent=1))
    draft.replace(_state_file())


def _state_file() -> Path:
    return home() / "servers.json"


@contextmanager
def _lock(name: str) -> Iterator[None]:
    """Two `osmo up` at once: the second waits for the first, and finds everything done."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / f".{name}.lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _address(command: list[str]) -> str:
    return f"http://127.0.0.1:{command[command.index('--port') + 1]}"


def _title(name: str) -> str:
    return {"label_studio": "Label Studio", "prefect": "Prefect"}[name]
