"""The clocks of a VRS file: from the device's own clock to time code and to UTC, where the file has a mapping."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

Domain = Literal["timecode", "utc"]
_MODES: Mapping[str, Domain] = {"TIMECODE": "timecode", "APP": "utc", "UTC": "utc"}
"""Modes of the streams of type 285 that are known; each record of them is one point of both clocks."""

_EARLIEST_UTC_S = 1_420_070_400.0  # 2015: glasses whose wall clock nobody has set count from 1970

Points = Mapping[Domain, npt.NDArray[np.float64]]
"""For each domain: device seconds and the other clock's seconds, shape (N, 2), in order."""


class VrsClock:
    """Maps the device's clock to others by the points that the recorder wrote; a file without points maps nothing."""

    def __init__(self, points: Points) -> None:
        self._points = points

    @property
    def domains(self) -> frozenset[Domain]:
        """The clocks that can be asked for."""
        return frozenset(self._points)

    def timecode_s(self, device_s: float) -> float | None:
        """Time code in seconds since midnight; null: the file has none."""
        return self._mapped("timecode", device_s)

    def utc_s(self, device_s: float) -> float | None:
        """Seconds since 1970 as the phone or the network told them; null: the file has none."""
        return self._mapped("utc", device_s)

    def _mapped(self, domain: Domain, device_s: float) -> float | None:
        """Between two points by interpolation; outside them both clocks run at one rate."""
        points = self._points.get(domain)
        if points is None:
            return None
        inside_s = float(np.clip(device_s, points[0, 0], points[-1, 0]))
        return float(np.interp(inside_s, points[:, 0], points[:, 1])) + device_s - inside_s


def mapping_points(records: Iterable[tuple[str, float, float]]) -> Points:
    """Points by domain.

    Args:
        records: Mode of the stream, device seconds, the other clock's seconds; -1 says that there was none.

    Returns:
        Only domains of which there is at least one point; of equal device times the first counts. A UTC of before
        2015 is that of a clock that was never set, and is none.
    """
    listed: dict[Domain, dict[float, float]] = {}
    for mode, device_s, other_s in records:
        domain = _MODES.get(mode.upper())
        set_s = _EARLIEST_UTC_S if domain == "utc" else 0.0
        if domain is not None and device_s >= 0 and other_s >= set_s:
            listed.setdefault(domain, {}).setdefault(device_s, other_s)
    return {domain: np.array(sorted(found.items()), np.float64) for domain, found in listed.items()}
