"""A real Prefect server, every deployment of prefect.yaml, and one of them run by a worker."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
from small_project import new_project

from osmo.flows.context import snapshot
from osmo.flows.prefect_setup import SWEEP, WORK_POOL, bootstrap
from osmo.flows.stages_flow import take_recordings
from osmo.schemas.tables import SEGMENTS
from osmo.storage.store import Store

pytestmark = pytest.mark.e2e
REPOSITORY = Path(__file__).parents[2]
START_S, COMMAND_S = 120, 180


class Prefect:
    """A server in a home of its own, and commands against it."""

    def __init__(self, home: Path, port: int) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "OSMO_"))}
        self.api = f"http://127.0.0.1:{port}/api"
        self.environment = kept | {
            "PREFECT_HOME": str(home), "PREFECT_API_URL": self.api, "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "DO_NOT_TRACK": "1", "OSMO_HOME": str(home / "osmo"), "OMP_NUM_THREADS": "1",
        }  # fmt: skip
        self.log = home / "server.log"
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=self.environment, start_new_session=True
            )

    def wait(self) -> None:
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                if httpx.get(f"{self.api}/health", timeout=5).is_success:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.25)
        pytest.fail(f"Prefect did not start:\n{self.log.read_text(errors='replace')[-3000:]}")

    def __call__(self, *arguments: str, cwd: Path = REPOSITORY) -> str:
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            env=self.environment, cwd=cwd, timeout=COMMAND_S, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, f"prefect {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def close(self) -> None:
        children = psutil.Process(self._process.pid).children(recursive=True) if self._process.poll() is None else []
        for how in (signal.SIGTERM, signal.SIGKILL):
            if self._process.poll() is None:
                os.killpg(self._process.pid, how)
                try:
                    self._process.wait(15)
                except subprocess.TimeoutExpired:
                    continue
        psutil.wait_procs(children, timeout=10)


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prefect]:
    """A running server that `osmo up`'s bootstrap prepared."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])

    server = Prefect(tmp_path_factory.mktemp("prefect"), port)
    try:
        server.wait()
        yield server
    finally:
        server.close()


def test_bootstrap_makes_pool_and_sweep_once(prefect: Prefect) -> None:
    made = bootstrap(prefect.api)
    assert len(made) == 2
    assert bootstrap(prefect.api) == []
    pool = httpx.get(f"{prefect.api}/work_pools/{WORK_POOL}").json()
    assert pool["type"] == "process"
    sweeps = httpx.post(f"{prefect.api}/automations/filter", json={}).json()
    assert [one["name"] for one in sweeps] == [SWEEP]
    assert sweeps[0]["enabled"]


def test_a_worker_runs_a_deployment_of_prefect_yaml(prefect: Prefect, tmp_path: Path) -> None:
    bootstrap(prefect.api)
    prefect("deploy", "--all")
    deployed = httpx.post(f"{prefect.api}/deployments/filter", json={}).json()
    assert len(deployed) == 13
    limits = {one["name"]: one["global_concurrency_limit"]["limit"] for one in deployed}
    assert set(limits.values()) == {1}

    project = new_project(tmp_path, recordings=2)
    take_recordings(snapshot(str(project.config)))
    segment = next(one["id"] for one in deployed if one["name"] == "segment")
    wanted = {"parameters": {"config_file": str(project.config)}, "state": {"type": "SCHEDULED"}}
    asked = httpx.post(f"{prefect.api}/deployments/{segment}/create_flow_run", json=wanted)
    for _ in range(20):  # while its database is locked by what it does itself, the server asks to come again
        if asked.status_code != 503:
            break
        time.sleep(0.5)
        asked = httpx.post(f"{prefect.api}/deployments/{segment}/create_flow_run", json=wanted)
    asked.raise_for_status()
    prefect("worker", "start", "--pool", WORK_POOL, "--run-once")
    runs = httpx.post(f"{prefect.api}/flow_runs/filter", json={}).json()
    assert [run["state_type"] for run in runs] == ["COMPLETED"], runs
    store = Store.open(str(project.store))
    spoken = store.read(SEGMENTS).to_pylist()
    assert {row["recording_id"] for row in spoken} == {"rec-0", "rec-1"}
    tasks = httpx.post(f"{prefect.api}/task_runs/filter", json={}).json()
    assert {task["name"] for task in tasks} == {
        f"segment-{bucket}" for bucket in {store.bucket(row["recording_id"]) for row in spoken}
    }
