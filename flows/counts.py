"""Counts that flows give back: by name, per stage."""

from __future__ import annotations

Counts = dict[str, int | float]
