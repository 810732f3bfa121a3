"""Whether a configuration says how a model is reached, before anything is asked of it."""

from __future__ import annotations

from collections.abc import Collection

from osmo.schemas.endpoints import Endpoint, Models, Transport

CHATS: tuple[Transport, ...] = ("chat", "local")


class WrongTransportError(ValueError):
    """A model that is configured behind something that its annotator cannot speak with."""

    def __init__(self, name: str, transport: str, expected: Collection[str]) -> None:
        self.name = name
        super().__init__(
            f"models.{name}.transport is {transport!r}, expected {' or '.join(expected)}: "
            "a sidecar answers with labels and holds no conversation. Change it in the configuration."
        )


def reachable(name: str, models: Models, *, transports: Collection[Transport] = (*CHATS, "prescreen")) -> Endpoint:
    """The endpoint of a model: its revision pinned, its address known. Nothing is asked of it.

    Args:
        name: The annotator, or the reading model.
        models: What the configuration says.
        transports: What its annotator can speak with.

    Raises:
        MissingEndpointError: There is no endpoint, or it names no model or no address.
        UnpinnedModelError: Its revision is not pinned, and the configuration does not allow that.
        WrongTransportError: It is behind something else.
    """
    endpoint = models.endpoint(name)
    if endpoint.transport not in transports:
        raise WrongTransportError(name, endpoint.transport, transports)
    if endpoint.transport != "local":
        endpoint.address(name)
    return endpoint
