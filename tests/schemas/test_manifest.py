"""Manifests and catalog files: one form, sealed, read back to the byte."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from osmo.schemas.manifest import CatalogEntry, SealBrokenError, is_name, is_version, seal, unseal, version_order

ENTRY = CatalogEntry(
    name="toy", version="1.2.3", manifest_sha256="ab" * 32, created_at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC)
)


def test_a_sealed_entry_is_read_back() -> None:
    assert unseal(CatalogEntry, seal(ENTRY)) == ENTRY


def test_no_other_bytes_are_accepted() -> None:
    good = seal(ENTRY)
    others = [good + b" ", good[:-1], good.replace(b"1.2.3", b"1.2.4"), b"", b"[]", b"{}", b"\xff", b"null"]
    others += [good[:i] + bytes([good[i] ^ bit]) + good[i + 1 :] for i in range(len(good)) for bit in (1, 8, 32)]
    for other in others:
        with pytest.raises(SealBrokenError):
            unseal(CatalogEntry, other)


def test_versions_sort_as_numbers() -> None:
    versions = ["0.10.0", "0.9.0", "1.0.0", "0.9.10"]
    assert sorted(versions, key=version_order) == ["0.9.0", "0.9.10", "0.10.0", "1.0.0"]


@pytest.mark.parametrize(
    ("text", "name", "version"),
    [("toy", True, False), ("Toy", False, False), ("../toy", False, False), ("toy.revoked", False, False),
     ("1.2.3", True, True), ("01.2.3", True, False), ("1.2", True, False), ("1.2.3\n", False, False),
     ("", False, False)],
)  # fmt: skip
def test_names_and_versions(text: str, name: bool, version: bool) -> None:
    assert (is_name(text), is_version(text)) == (name, version)


def test_a_version_that_is_none_is_refused() -> None:
    with pytest.raises(ValidationError):
        CatalogEntry(name="toy", version="new", manifest_sha256="ab" * 32, created_at=datetime.now(UTC))
