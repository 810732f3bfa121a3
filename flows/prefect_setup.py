"""What a Prefect server needs before OSMO's deployments run on it: a work pool, and a sweep for runs that died."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prefect.events.schemas.automations import AutomationCore

WORK_POOL = "osmo"
SWEEP = "OSMO: mark dead runs crashed"
SILENT_S = 600
"""Heartbeats come every 180 s (Prefect's default); a run that misses three of them is dead."""

_HEARTBEAT = "prefect.flow-run.heartbeat"
_ENDED = {f"prefect.flow-run.{state}" for state in ("Completed", "Failed", "Cancelled", "Crashed")}


def bootstrap(api_url: str) -> list[str]:
    """Make what is missing on a Prefect server; what is there stays as somebody may have changed it.

    Only for show and for queues: the store knows what is done, whatever a server says of a run.

    Args:
        api_url: Address of the server's API.

    Returns:
        What was made, one line each; empty where everything was there.
    """
    from prefect.client.orchestration import SyncPrefectClient
    from prefect.client.schemas.actions import WorkPoolCreate
    from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound
    from prefect.workers.process import ProcessWorker

    made: list[str] = []
    with SyncPrefectClient(api_url) as client:
        try:
            client.read_work_pool(WORK_POOL)
        except ObjectNotFound:
            template = ProcessWorker.get_default_base_job_template()
            pool = WorkPoolCreate(
                name=WORK_POOL, type="process", base_job_template=template, description="OSMO's flows, as processes"
            )
            try:
                client.create_work_pool(pool)
                made.append(f"Prefect work pool {WORK_POOL}")
            except ObjectAlreadyExists:
                pass  # another `osmo up` was quicker
        if not client.read_automations_by_name(SWEEP):
            client.create_automation(_sweep())
            made.append(f"Prefect automation {SWEEP!r}")
    return made


def _sweep() -> AutomationCore:
    from prefect.client.schemas.objects import StateType
    from prefect.events.actions import ChangeFlowRunState
    from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture
    from prefect.events.schemas.events import ResourceSpecification

    trigger = EventTrigger(
        after={_HEARTBEAT},
        expect={_HEARTBEAT, *_ENDED},
        match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=timedelta(seconds=SILENT_S),
    )
    action = ChangeFlowRunState(
        state=StateType.CRASHED,
        name="Crashed",
        force=False,
        message="No heartbeat: its process is gone. Nothing that it stored is lost.",
    )
    return AutomationCore(
        name=SWEEP, description="A killed process cannot say that it ended.", trigger=trigger, actions=[action]
    )
