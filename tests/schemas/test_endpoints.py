"""Where models answer: pinned or refused, and no key in any address."""

import pytest
from pydantic import ValidationError

from osmo.schemas.endpoints import Endpoint, MissingEndpointError, Models, UnpinnedModelError

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("revision", [COMMIT, "sha256:" + "a" * 64])
def test_a_pinned_revision_is_taken(revision: str) -> None:
    assert Endpoint(model="m/n", revision=revision).identity("judge") == f"m/n@{revision}"


@pytest.mark.parametrize("revision", [None, "main", "v1.0", COMMIT[:12], COMMIT + "0", "sha256:" + "a" * 63])
def test_a_revision_that_may_move_is_refused_unless_it_is_allowed(revision: str | None) -> None:
    with pytest.raises(UnpinnedModelError, match=r"models\.judge\.revision is .* pins no weights.*allow_unpinned"):
        Endpoint(model="m", revision=revision).identity("judge")
    allowed = Endpoint(model="m", revision=revision, allow_unpinned=True)
    assert allowed.identity("judge") == f"m@{revision or 'unpinned'}"


def test_what_is_missing_is_named() -> None:
    with pytest.raises(MissingEndpointError, match=r"models\.judge has no section.*osmo annotators check judge"):
        Models().endpoint("judge")
    with pytest.raises(MissingEndpointError, match=r"models\.judge has no model"):
        Models({"judge": Endpoint(revision=COMMIT)}).endpoint("judge")
    with pytest.raises(MissingEndpointError, match=r"models\.judge has no url"):
        Endpoint(model="m", revision=COMMIT).address("judge")


@pytest.mark.parametrize(
    "url", ["ftp://host", "host:80", "http://", "http://user:key@host", "http://key@host", "http://host/v1?api_key=k"]
)
def test_an_address_that_is_none_or_holds_a_key_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        Endpoint(url=url)


def test_a_slash_at_the_end_is_cut() -> None:
    assert Endpoint(url="http://host:8000/v1/").address("judge") == "http://host:8000/v1"


def test_a_key_itself_is_no_name_of_a_variable() -> None:
    with pytest.raises(ValidationError):
        Endpoint(api_key_variable="sk-abc")


def test_a_folder_of_weights_may_be_moved() -> None:
    for folder in ("/a/qwen", "/b/c/qwen", "qwen"):
        endpoint = Endpoint(transport="local", model=folder, revision=COMMIT)
        assert endpoint.identity("qwen2_audio") == f"qwen@{COMMIT}"
    assert Endpoint(model="Qwen/qwen", revision=COMMIT).identity("x") == f"Qwen/qwen@{COMMIT}"
