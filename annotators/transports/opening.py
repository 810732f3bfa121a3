"""Opens the transport that an endpoint names; each is imported only when it is asked for."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from osmo.annotators.transports.question import Chat
from osmo.schemas.endpoints import Endpoint

if TYPE_CHECKING:
    from osmo.annotators.transports.sidecar import SidecarClient


@functools.cache
def chat(name: str, endpoint: Endpoint) -> Chat:
    """The model of an endpoint, for questions: one per endpoint and process.

    Args:
        name: The annotator, for messages.
        endpoint: Where and how; its transport is chat or local.

    Raises:
        MissingEndpointError: The endpoint lacks its address or model.
        UnpinnedModelError: Its revision is not pinned.
    """
    endpoint.identity(name)
    if endpoint.transport == "local":
        from osmo.annotators.transports.local import LocalChat

        return LocalChat(name, endpoint)
    from osmo.annotators.transports.openai import OpenAIChat

    return OpenAIChat(name, endpoint)


@functools.cache
def sidecar(name: str, endpoint: Endpoint) -> SidecarClient:
    """The sidecar of an endpoint: one client per endpoint and process, which all buckets share.

    Args:
        name: The annotator, for messages.
        endpoint: Where and how; its transport is prescreen.

    Raises:
        MissingEndpointError: The endpoint lacks its address or model.
        UnpinnedModelError: Its revision is not pinned.
    """
    from osmo.annotators.transports.sidecar import SidecarClient

    return SidecarClient(name, endpoint)
