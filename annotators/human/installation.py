"""Label Studio on this machine: its own environment, its credentials, the settings it starts with."""

from __future__ import annotations

import hashlib
import importlib.resources
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

REQUIREMENTS = "server-requirements.txt"
ENVIRONMENT_VARIABLE = "OSMO_LABEL_STUDIO_ENV"
_STAMP = "osmo-requirements.sha256"


class InstallError(RuntimeError):
    """Label Studio could not be installed."""

    def __init__(self, environment: Path, problem: str, log: Path) -> None:
        self.environment = environment
        self.log = log
        super().__init__(
            f"Installing Label Studio into {environment}: {problem}. The log is {log}. Check the network and the disk "
            "(1 GB), then run `osmo up` again."
        )


class CredentialsError(RuntimeError):
    """The credentials file cannot be read."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(
            f"Credentials {path}: {problem}. Restore it from a backup, or move Label Studio's folder away."
        )


class Credentials(BaseModel):
    """What Label Studio's first account is made with. Lies in a file that only its owner can read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    email: str = "admin@osmo.invalid"
    password: str = Field(min_length=16, repr=False)
    token: str = Field(pattern=r"^[0-9a-f]{40}$", repr=False)
    secret_key: str = Field(min_length=32, repr=False)
    annotator_secret: str = Field(min_length=32, repr=False)
    """Passwords of simulated and replayed annotators derive from it."""


def open_credentials(path: Path) -> Credentials:
    """The credentials of an installation, made once, readable by their owner alone.

    Raises:
        CredentialsError: The file is damaged.
    """
    if not path.exists():
        made = {
            "password": secrets.token_urlsafe(24),
            "token": secrets.token_hex(20),
            "secret_key": secrets.token_urlsafe(48),
            "annotator_secret": secrets.token_hex(32),
        }
        write_secret(path, json.dumps(made, indent=1))
    try:
        return Credentials.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise CredentialsError(path, f"{'.'.join(map(str, first['loc']))} {first['msg']}") from error


def write_secret(path: Path, text: str) -> bool:
    """Create a file that only its owner can read; gives whether this call made it: one that is there stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    return True


def environment_folder(home: Path) -> Path:
    """Where the environment lies: $OSMO_LABEL_STUDIO_ENV, which is used as it is, else below `home`."""
    named = os.environ.get(ENVIRONMENT_VARIABLE)
    return Path(named).absolute() if named else home / "envs" / "label-studio"


def is_installed(home: Path) -> bool:
    """Whether the environment was installed whole, from the requirements of this version."""
    folder = environment_folder(home)
    if os.environ.get(ENVIRONMENT_VARIABLE):
        return (folder / "bin" / "label-studio").exists()
    stamp = folder / _STAMP
    return stamp.is_file() and stamp.read_text().strip() == _requirements_hash()


def install(home: Path, *, progress: Callable[[str], None]) -> Path:
    """Install Label Studio into an environment of its own, where it is not there yet.

    Args:
        home: Folder of everything that servers leave on this machine.
        progress: Told what happens.

    Returns:
        The environment's folder.

    Raises:
        InstallError: venv or pip failed.
    """
    folder = environment_folder(home)
    if is_installed(home):
        return folder
    log = home / "logs" / "label-studio-install.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    python = folder / "bin" / "python"
    progress("Installing Label Studio into an environment of its own (once; about 1 GB, a few minutes)")
    with log.open("ab") as output, importlib.resources.as_file(_requirements()) as requirements:
        commands = [
            [sys.executable, "-m", "venv", str(folder)],
            [str(python), "-m", "pip", "install", "--disable-pip-version-check", "-r", str(requirements)],
        ]
        for command in commands:
            done = subprocess.run(command, stdout=output, stderr=subprocess.STDOUT, check=False)
            if done.returncode:
                raise InstallError(folder, f"{' '.join(command[1:3])} ended with {done.returncode}: {tail(log)}", log)
    (folder / _STAMP).write_text(_requirements_hash())
    return folder


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log file."""
    if not log.is_file():
        return "(no log)"
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def server_command(home: Path, port: int) -> list[str]:
    """How Label Studio is started; secrets go by environment, never by argument."""
    program = environment_folder(home) / "bin" / "label-studio"
    address = f"http://127.0.0.1:{port}"
    # fmt: off
    return [
        str(program), "start", "--no-browser", "--internal-host", "127.0.0.1", "--port", str(port), "--host", address,
    ]
    # fmt: on


def server_environment(data: Path, credentials: Credentials) -> dict[str, str]:
    """Settings that Label Studio starts with: no analytics, no sign-up without invitation, files of one folder only."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LABEL_STUDIO_", "PYTHON"))}
    return kept | {
        "LABEL_STUDIO_BASE_DATA_DIR": str(data),
        "LABEL_STUDIO_USERNAME": credentials.email,
        "LABEL_STUDIO_PASSWORD": credentials.password,
        "LABEL_STUDIO_USER_TOKEN": credentials.token,
        "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
        "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
        "LABEL_STUDIO_LOCAL_FILES_SERVING_ENABLED": "true",
        "LABEL_STUDIO_LOCAL_FILES_DOCUMENT_ROOT": str(media_root(data)),
        "SECRET_KEY": credentials.secret_key,
        "SSRF_PROTECTION_ENABLED": "true",
        "COLLECT_ANALYTICS": "false",
        "LATEST_VERSION_CHECK": "false",
        "SENTRY_DSN": "",
        "FRONTEND_SENTRY_DSN": "",
    }


def media_root(data: Path) -> Path:
    """The one folder whose files Label Studio may show."""
    return data / "media"


def _requirements() -> importlib.resources.abc.Traversable:
    return importlib.resources.files("osmo.annotators.human").joinpath(REQUIREMENTS)


def _requirements_hash() -> str:
    return hashlib.sha256(_requirements().read_bytes()).hexdigest()
