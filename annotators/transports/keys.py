"""The key of a model server: from the environment only, and shown nowhere."""

from __future__ import annotations

import os

from pydantic import SecretStr

from osmo.schemas.endpoints import Endpoint


class MissingKeyError(ValueError):
    """The environment lacks the key that the configuration asks for."""

    def __init__(self, name: str, variable: str, flaw: str) -> None:
        self.name = name
        self.variable = variable
        super().__init__(
            f"models.{name}.api_key_variable names {variable}, and the environment variable {variable} {flaw}. "
            "Set it to the server's key, or leave api_key_variable out where the server wants none."
        )


def api_key(name: str, endpoint: Endpoint) -> SecretStr | None:
    """The key of an endpoint; null: it wants none.

    Raises:
        MissingKeyError: The variable is not set, is empty or cannot stand in a header.
    """
    variable = endpoint.api_key_variable
    if variable is None:
        return None
    key = os.environ.get(variable, "").strip()
    if not key:
        raise MissingKeyError(name, variable, "is empty" if variable in os.environ else "is not set")
    if not (key.isascii() and key.isprintable()):
        raise MissingKeyError(name, variable, "holds characters that no key has")
    return SecretStr(key)
