"""Opens the transport that an endpoint names; each is imported only when it is asked for."""

from __future__ import annotations

import functools

from osmo.annotators.transports.question import Chat
from osmo.schemas.endpoints import Endpoint


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
