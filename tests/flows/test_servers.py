"""Starting and ending the real servers."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import httpx
import psutil
import pytest
from label_studio_server import LabelStudioServer, servers_home

from osmo.flows import servers


@pytest.fixture
def running(label_studio: LabelStudioServer, label_studio_environment: Path) -> servers.Servers:
    """The servers that the whole test run shares."""
    with servers_home(label_studio.home, label_studio_environment):
        found = servers.up()
    return found


@pytest.mark.e2e
def test_up_keeps_what_runs(
    running: servers.Servers, label_studio: LabelStudioServer, label_studio_environment: Path
) -> None:
    with servers_home(label_studio.home, label_studio_environment):
        assert servers.up() == running == servers.state()
    assert httpx.get(f"{running.prefect_api}/health").json() is True


@pytest.mark.e2e
def test_no_secret_stands_in_an_argument_or_a_log(running: servers.Servers, label_studio: LabelStudioServer) -> None:
    held = label_studio.credentials
    for server in (running.label_studio, running.prefect):
        process = server.process()
        assert process is not None
        seen = " ".join(process.cmdline()) + server.log.read_text(errors="replace")
        assert not [secret for secret in (held.password, held.token, held.secret_key) if secret in seen]


@pytest.mark.e2e
def test_a_server_that_cannot_start_shows_its_log_and_the_other_one_stays(
    running: servers.Servers, label_studio: LabelStudioServer, label_studio_environment: Path
) -> None:
    process = running.prefect.process()
    assert process is not None
    os.killpg(process.pid, 9)
    process.wait(10)
    with socket.create_server(("127.0.0.1", 0)) as taken, servers_home(label_studio.home, label_studio_environment):
        assert servers.state() is None
        with pytest.raises(servers.ServerStartError, match=r"prefect\.log") as failed:
            servers.up(prefect_port=taken.getsockname()[1])
        assert "its process ended" in str(failed.value)
        again = servers.up()
        assert again.label_studio == running.label_studio
        assert again.prefect.pid != running.prefect.pid


def test_down_never_ends_a_process_that_it_did_not_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(servers.HOME_VARIABLE, str(tmp_path))
    me = psutil.Process()
    server = servers.Server(
        name="prefect", pid=me.pid, created=me.create_time() - 60, url="http://127.0.0.1:1", log=tmp_path / "log"
    )
    (tmp_path / "servers.json").write_text(f'{{"servers": [{server.model_dump_json()}]}}')
    assert servers.state() is None
    assert servers.down() == []  # the id is ours, the time of creation is not


@pytest.mark.parametrize("content", ["", "{", '{"servers": [{"pid": "x"}]}'], ids=["empty", "cut", "other"])
def test_a_damaged_state_file_names_nothing(content: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(servers.HOME_VARIABLE, str(tmp_path))
    (tmp_path / "servers.json").write_text(content)
    assert servers.state() is None
    assert servers.down() == []


def test_home_follows_the_variable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(servers.HOME_VARIABLE, str(tmp_path / "elsewhere"))
    assert servers.home() == tmp_path / "elsewhere"
    monkeypatch.delenv(servers.HOME_VARIABLE)
    monkeypatch.chdir(tmp_path)
    assert servers.home() == tmp_path / ".osmo"
