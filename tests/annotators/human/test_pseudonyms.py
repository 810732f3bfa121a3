"""Pseudonyms and credentials."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from osmo.annotators.human.installation import CredentialsError, open_credentials
from osmo.annotators.human.pseudonyms import PseudonymKeyError, Pseudonyms, source_of

KEY = bytes(range(32))


def test_a_pseudonym_depends_on_the_address_and_the_key_alone() -> None:
    names = Pseudonyms(KEY)
    assert names.of("Anna@Example.org ") == names.of("anna@example.org")
    assert names.of("anna@example.org") != names.of("bea@example.org")
    assert names.of("anna@example.org") != Pseudonyms(bytes(32)).of("anna@example.org")
    assert len(names.of("anna@example.org")) == 16


def test_many_processes_at_once_make_one_key_that_only_its_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "home" / "pseudonym.key"
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: Pseudonyms.open(path).of("a@b.cc"), range(16)))
    assert len(made) == 1
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [found.name for found in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", ["", "not hex", "abcd"], ids=["empty", "no-hex", "short"])
def test_a_damaged_key_is_refused_never_replaced(content: str, tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_text(content)
    with pytest.raises(PseudonymKeyError, match="backup"):
        Pseudonyms.open(path)
    assert path.read_text() == content


def test_scrubbing_replaces_accounts_and_addresses_at_any_depth() -> None:
    names = Pseudonyms(KEY)
    anna = names.of("anna@example.org")
    reply = {
        "completed_by": {"id": 3, "email": "anna@example.org"},
        "created_username": " anna@example.org, 3",
        "updated_by": [3, 4],
        "result": [{"value": {"text": ["ask Anna@example.org, please"], "start": 3}}],
    }
    assert names.scrub(reply, {3: "anna@example.org"}) == {
        "completed_by": anna,
        "updated_by": [anna, "account-4"],
        "result": [{"value": {"text": [f"ask {anna}, please"], "start": 3}}],
    }


@pytest.mark.parametrize(
    ("email", "source"),
    [
        ("annotator-1@simulated.osmo.invalid", "simulated"),
        ("replay@replayed.osmo.invalid", "replayed"),
        ("anna@example.org", "person"),
        ("simulated.osmo.invalid@example.org", "person"),
    ],
)
def test_source_follows_from_the_domain(email: str, source: str) -> None:
    assert source_of(email) == source


def test_credentials_are_made_once_and_never_shown(tmp_path: Path) -> None:
    path = tmp_path / "credentials.json"
    first = open_credentials(path)
    assert open_credentials(path) == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for secret in (first.password, first.token, first.secret_key, first.annotator_secret):
        assert secret not in repr(first)
    path.write_text('{"password": "hunter2hunter2hunter2"}')
    with pytest.raises(CredentialsError, match="token") as refused:
        open_credentials(path)
    assert "hunter2" not in str(refused.value)
