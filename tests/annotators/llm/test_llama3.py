"""The model behind models.llama3 judges; making it asks nothing of a server."""

from __future__ import annotations

import subprocess
import sys

import pytest

from osmo.annotators import registry
from osmo.schemas.endpoints import Endpoint, MissingEndpointError, Models, UnpinnedModelError

REVISION = "5f0b02c75b57c5855da9ae460ce51323ea669d8a"
NOBODY = "http://127.0.0.1:9/v1"


def models(**changed: object) -> Models:
    given = {"url": NOBODY, "model": "meta-llama/Meta-Llama-3-8B-Instruct", "revision": REVISION}
    return Models({"llama3": Endpoint.model_validate(given | changed)})


def test_it_is_found_by_its_name_and_named_by_its_weights_and_prompt() -> None:
    judge = registry.judge("llama3", models())
    assert judge.name == "llama3"
    assert judge.revision.startswith(f"meta-llama/Meta-Llama-3-8B-Instruct@{REVISION}+")
    assert judge.prompt_sha is not None
    assert judge.revision == registry.judge("llama3", models()).revision


@pytest.mark.parametrize(
    "changed",
    [{"revision": "0" * 40}, {"model": "another/model"}, {"constraint": "none"}, {"max_tokens": 100}],
    ids=["weights", "model", "constraint", "max-tokens"],
)
def test_what_changes_an_answer_changes_the_revision(changed: dict[str, object]) -> None:
    assert registry.judge("llama3", models(**changed)).revision != registry.judge("llama3", models()).revision


@pytest.mark.parametrize(
    "changed",
    [{"url": "http://127.0.0.1:10/v1"}, {"concurrency": 1}, {"timeout_s": 1.0}, {"max_attempts": 1}],
    ids=["address", "concurrency", "deadline", "tries"],
)
def test_where_and_how_fast_it_is_asked_does_not(changed: dict[str, object]) -> None:
    assert registry.judge("llama3", models(**changed)).revision == registry.judge("llama3", models()).revision


def test_a_model_that_nobody_named_or_pinned_is_refused() -> None:
    with pytest.raises(MissingEndpointError, match=r"models\.llama3 has no section"):
        registry.judge("llama3")
    with pytest.raises(UnpinnedModelError, match=r"models\.llama3\.revision is 'main'"):
        registry.judge("llama3", models(revision="main"))
    assert "@main+" in registry.judge("llama3", models(revision="main", allow_unpinned=True)).revision


def test_a_judge_loads_no_client_and_no_model_until_it_judges() -> None:
    code = (
        "import sys\n"
        "from osmo.annotators import registry\n"
        "from osmo.schemas.endpoints import Endpoint, Models\n"
        f"one = Endpoint(url={NOBODY!r}, model='m', revision={REVISION!r})\n"
        "registry.judge('llama3', Models({'llama3': one})).revision\n"
        "print([name for name in ('aiohttp', 'torch', 'transformers', 'openai') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "[]"
