"""What a flow, a task or a command works with: configuration, store, pipeline, Label Studio; all found by reference."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from osmo.annotators.human.bootstrap import bootstrap
from osmo.annotators.human.client import LabelStudioClient
from osmo.annotators.human.pseudonyms import Pseudonyms
from osmo.flows import servers
from osmo.schemas.config import OsmoConfig, load_config
from osmo.storage.store import Store
from osmo.tasks.names import check_names
from osmo.tasks.pipeline import Labelling, Pipeline

TOKEN_VARIABLE = "OSMO_LABEL_STUDIO_TOKEN"


class NoLabelStudioError(RuntimeError):
    """Nobody can label: no server is known."""

    def __init__(self) -> None:
        super().__init__(
            "No Label Studio is running. `osmo up` starts one; or set label.url in osmo.toml and the administrator's "
            f"token in {TOKEN_VARIABLE}."
        )


@dataclass(frozen=True)
class Reference:
    """What goes to tasks in place of data: the store's address and the name of a configuration snapshot in it."""

    store: str
    config: str


def open_store(config: OsmoConfig, *, create: bool = False) -> Store:
    """The configured store; with `create`, made where there is none."""
    return Store.open(config.store.uri, buckets=config.store.buckets if create else None)


def snapshot(config_file: str | None, *, create: bool = True) -> Reference:
    """Read the configuration, keep a snapshot of it in its store, and give the reference to both."""
    config = load_config(Path(config_file) if config_file else None)
    check_names(config)
    store = open_store(config, create=create)
    return Reference(store.uri, store.save_config(config))


def resolve(reference: Reference, *, labelling: bool = False) -> Pipeline:
    """The pipeline that a reference names.

    Args:
        reference: Store and configuration.
        labelling: Whether Label Studio is needed.

    Raises:
        NoLabelStudioError: It is, and none is running.
    """
    store = Store.open(reference.store)
    config = store.load_config(reference.config)
    return Pipeline(store, config, open_labelling(config, store) if labelling else None)


def open_labelling(config: OsmoConfig, store: Store) -> Labelling:
    """The labelling project of a store, made where it is missing.

    Raises:
        NoLabelStudioError: No server is configured or running.
        LabelStudioUnreachableError: It does not answer.
    """
    client = _client(config)
    # One project a store: two stores on one installation must not mix their clips.
    title = f"{config.label.project} {store.layout.store_id}"
    root = Path(os.environ.get("OSMO_LABEL_STUDIO_MEDIA", servers.media_root()))
    project = bootstrap(client, title, media_root=root, overlap=config.label.overlap)
    return Labelling(client, project)


def label_studio_known(config: OsmoConfig) -> bool:
    """Whether a Label Studio is configured or was started here."""
    return config.label.url is not None or servers.state() is not None


def pseudonyms() -> Pseudonyms:
    """The pseudonyms of this home."""
    return servers.pseudonyms()


def _client(config: OsmoConfig) -> LabelStudioClient:
    if config.label.url is not None:
        token = os.environ.get(TOKEN_VARIABLE)
        if not token:
            raise NoLabelStudioError
        return LabelStudioClient(config.label.url, token)
    running = servers.state()
    if running is None:
        raise NoLabelStudioError
    return LabelStudioClient(running.label_studio.url, servers.credentials().token)
