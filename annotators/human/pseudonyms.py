"""Pseudonyms: nobody's e-mail address leaves Label Studio."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from osmo.annotators.human.installation import write_secret

SIMULATED = "simulated.osmo.invalid"
REPLAYED = "replayed.osmo.invalid"
_KEY_BYTES = 32
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_ACCOUNT_FIELDS = frozenset({"completed_by", "updated_by", "last_created_by", "created_by"})
_NAME_FIELDS = frozenset({"created_username", "created_ago"})


class PseudonymKeyError(RuntimeError):
    """The key file cannot be used."""

    def __init__(self, path: Path, problem: str) -> None:
        self.path = path
        super().__init__(
            f"Pseudonym key {path}: {problem}. Restore it from a backup: with another key the same people would get "
            "other pseudonyms."
        )


class Pseudonyms:
    """Turns e-mail addresses into pseudonyms: the same address always into the same, with one key."""

    def __init__(self, key: bytes) -> None:
        assert len(key) >= _KEY_BYTES, "a pseudonym key has 32 bytes"
        self._key = key

    @classmethod
    def open(cls, path: Path) -> Pseudonyms:
        """Read the key, or make it, once, readable by its owner alone. It lies outside every store and release.

        Raises:
            PseudonymKeyError: The file is damaged.
        """
        if not path.exists():
            write_secret(path, secrets.token_hex(_KEY_BYTES))
        try:
            key = bytes.fromhex(path.read_text().strip())
        except ValueError as error:
            raise PseudonymKeyError(path, "it does not hold hexadecimal digits") from error
        if len(key) < _KEY_BYTES:
            raise PseudonymKeyError(path, f"it holds {len(key)} bytes, expected {_KEY_BYTES}")
        return cls(key)

    def of(self, email: str) -> str:
        """The pseudonym of an address: 16 hexadecimal digits."""
        return hmac.new(self._key, email.strip().lower().encode(), hashlib.sha256).hexdigest()[:16]

    def scrub(self, value: JsonValue, users: Mapping[int, str], *, name: str = "") -> JsonValue:
        """Replace every account by its pseudonym, wherever in a reply it stands.

        Args:
            value: A reply or a part of one.
            users: E-mail address by account id.
            name: Of the field that holds `value`: some hold account ids.

        Returns:
            The same, with pseudonyms for account ids and addresses, and without fields that spell out a user name.
        """
        if isinstance(value, dict):
            if name in _ACCOUNT_FIELDS and isinstance(value.get("id"), int):
                return self.scrub(value["id"], users, name=name)
            return {key: self.scrub(held, users, name=key) for key, held in value.items() if key not in _NAME_FIELDS}
        if isinstance(value, list):
            return [self.scrub(held, users, name=name) for held in value]
        if isinstance(value, str):
            return _EMAIL.sub(lambda match: self.of(match.group()), value)
        if name in _ACCOUNT_FIELDS and isinstance(value, int) and not isinstance(value, bool):
            return self.of(users[value]) if value in users else f"account-{value}"
        return value


def source_of(email: str) -> str:
    """Whose work an account's is: simulated, replayed or person."""
    domain = email.strip().lower().rpartition("@")[2]
    return {SIMULATED: "simulated", REPLAYED: "replayed"}.get(domain, "person")
