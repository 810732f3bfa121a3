"""Finds the gaze that Project Aria's machine perception services (MPS) left beside a recording."""

from __future__ import annotations

from osmo.tasks.sources.adapter import SidecarFile, Sidecars
from osmo.tasks.sources.places import exists, fetched, join

NAMES = ("general_eye_gaze.csv", "generalized_eye_gaze.csv", "eyegaze.csv")
"""What the services called it over the years, newest first. Personalised gaze is not taken: few recordings have it."""
FORMAT = "mps_gaze"


def gaze_beside(folder: str, zero_s: float | None, *, root: str) -> Sidecars:
    """The gaze file of a recording.

    Args:
        folder: The recording's `mps/eye_gaze`.
        zero_s: Time on the device's clock at which the recording begins; null: its clock is not known.

        root: The source that it lies in.

    Raises:
        ClimbingPathError: It is a link that leads out of the source.
        SourceUnreachableError: The place cannot be read now.
        FileChangingError: The file changed while it was read.
    """
    for name in NAMES:
        uri = join(folder, name, root=root)
        if not exists(uri):
            continue
        if zero_s is None:
            return Sidecars(reason="no stream tells where its clock begins")
        with fetched(uri) as file:
            return Sidecars((SidecarFile(uri, file.sha256, file.bytes, -zero_s, FORMAT),))
    return Sidecars(reason="there is no gaze in mps/eye_gaze")
