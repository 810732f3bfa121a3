"""prefect.yaml: one deployment for each flow that there is."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect import Flow

from osmo.flows.prefect_setup import WORK_POOL

REPOSITORY = Path(__file__).parents[2]
DECLARED: list[dict[str, Any]] = yaml.safe_load((REPOSITORY / "prefect.yaml").read_text("utf-8"))["deployments"]


def flows() -> dict[str, Flow[Any, Any]]:
    """Every flow of flows/*_flow.py, by entry point."""
    found = {}
    for file in sorted((REPOSITORY / "flows").glob("*_flow.py")):
        module = importlib.import_module(f"osmo.flows.{file.stem}")
        for name, value in vars(module).items():
            if isinstance(value, Flow) and value.fn.__module__ == module.__name__:
                found[f"flows/{file.name}:{name}"] = value
    return found


def test_every_flow_is_deployed_once() -> None:
    assert sorted(one["entrypoint"] for one in DECLARED) == sorted(flows())
    assert len({one["name"] for one in DECLARED}) == len(DECLARED)


@pytest.mark.parametrize("declared", DECLARED, ids=lambda one: one["name"])
def test_a_deployment_fits_its_flow(declared: dict[str, Any]) -> None:
    flow = flows()[declared["entrypoint"]]
    assert declared["name"] == flow.name
    assert set(declared["parameters"]) == set(flow.parameters.properties)
    assert declared["parameters"]["config_file"] is None
    assert declared["work_pool"]["name"] == WORK_POOL
    assert declared["concurrency_limit"]["limit"] == 1
    assert declared["description"]
