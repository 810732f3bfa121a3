"""The real Label Studio for tests: one server for all, in a temporary home, with the environment that is installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from osmo.annotators.human import installation
from osmo.annotators.human.bootstrap import LabellingProject, bootstrap
from osmo.annotators.human.client import LabelStudioClient
from osmo.annotators.human.installation import Credentials
from osmo.annotators.human.pseudonyms import Pseudonyms
from osmo.flows import servers


@dataclass(frozen=True)
class LabelStudioServer:
    """A running server and what is needed to use it."""

    url: str
    home: Path
    credentials: Credentials

    @property
    def media_root(self) -> Path:
        return self.home / "label-studio" / "media"

    def client(self) -> LabelStudioClient:
        return LabelStudioClient(self.url, self.credentials.token, timeout_s=30)

    def project(self, title: str, *, overlap: int = 3) -> LabellingProject:
        return bootstrap(self.client(), title, media_root=self.media_root, overlap=overlap)

    def pseudonyms(self) -> Pseudonyms:
        return Pseudonyms.open(self.home / "pseudonym.key")


def environment() -> Path | None:
    """The installed environment: $OSMO_LABEL_STUDIO_ENV, else the repository's; null: there is none."""
    named = os.environ.get(installation.ENVIRONMENT_VARIABLE)
    folder = Path(named) if named else Path(__file__).parents[1] / ".osmo" / "envs" / "label-studio"
    return folder if (folder / "bin" / "label-studio").exists() else None


@pytest.fixture(scope="session")
def label_studio_environment() -> Path:
    """The installed environment; without one the test is skipped, and fails in CI."""
    folder = environment()
    if folder is None:
        missing = "Label Studio is not installed: `osmo up` installs it, or set OSMO_LABEL_STUDIO_ENV"
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    return folder


@contextmanager
def servers_home(home: Path, label_studio_environment: Path) -> Iterator[None]:
    """Let `osmo.flows.servers` work in `home`, with the installed environment."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(servers.HOME_VARIABLE, str(home))
        patch.setenv(installation.ENVIRONMENT_VARIABLE, str(label_studio_environment))
        yield


@pytest.fixture(scope="session")
def label_studio(label_studio_environment: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabelStudioServer]:
    """The running Label Studio, in a temporary home (a Prefect server beside it); ended after the last test."""
    home = tmp_path_factory.mktemp("osmo-home")
    try:
        with servers_home(home, label_studio_environment):
            running = servers.up()
            credentials = servers.credentials()
        yield LabelStudioServer(running.label_studio.url, home, credentials)
    finally:
        with servers_home(home, label_studio_environment):
            servers.down()
        shutil.rmtree(home, ignore_errors=True)
