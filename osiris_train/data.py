"""Verified events of a release's splits, as pandas frames."""

from __future__ import annotations

import pandas as pd

from osmo.storage import releases
from osmo.storage.release_catalog import StoreLike


def load_events(
    name: str, version: str | None = None, *, protocol: str, split: str, store: StoreLike = None
) -> pd.DataFrame:
    """Events of one split, as published; each file is verified before it is read.

    Args:
        name: The release.
        version: Its version; null: the latest that is not revoked. Name one wherever a result is reported.
        protocol: xsub, xtime, …
        split: train, validation or test.
        store: Where the release lies; null: the configured store.

    Returns:
        One row per event, by recording_id and start_s; columns of Arrow types, null as in the release. No rows where
        the release says why the split is empty.

    Raises:
        ReleaseError: There is no such release, protocol or split, or it was revoked or changed.
    """
    table = releases.open(name, version, store=store).split(protocol, split)
    frame: pd.DataFrame = table.to_pandas(types_mapper=pd.ArrowDtype)
    return frame
