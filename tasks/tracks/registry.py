"""Finds trackers by the names of their files, and imports one only when it is asked for."""

from __future__ import annotations

from typing import cast

from osmo.schemas.extensions import ExtensionPoint
from osmo.tasks.tracks.tracker import Tracker

TRACKERS = ExtensionPoint("tracker", ("osmo.tasks.tracks",), "create_tracker")


def tracker(name: str) -> Tracker:
    """The tracker of tasks/tracks/<name>.py.

    Raises:
        UnknownExtensionError: There is none.
    """
    return cast(Tracker, TRACKERS.create(name))
