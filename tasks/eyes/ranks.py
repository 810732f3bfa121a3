"""Order statistics of a few numbers: NumPy's own percentiles cost more than all else on arrays this small."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def ranked(values: npt.NDArray[Any], *shares: float) -> tuple[float, ...]:
    """The values that so large shares of the others do not exceed; of the values themselves, none interpolated.

    Args:
        values: At least one, any shape.
        shares: 0-1; 0.5 is a median.
    """
    ordered = np.sort(values, axis=None)
    return tuple(float(ordered[round(share * (ordered.size - 1))]) for share in shares)
