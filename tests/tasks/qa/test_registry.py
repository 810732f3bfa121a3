from __future__ import annotations

import pytest

from osmo.schemas.config import QualityConfig
from osmo.schemas.extensions import UnknownExtensionError
from osmo.tasks.qa.registry import RULES, rule


def test_every_file_of_the_folder_is_a_rule_of_its_name():
    assert RULES.names() == [
        "contradicting_polarity",
        "missing_fields",
        "outside_clip",
        "overlap",
        "short_description",
        "status_mismatch",
        "too_long",
        "too_short",
        "zero_length",
    ]
    assert [rule(name, QualityConfig()).name for name in RULES.names()] == RULES.names()


def test_an_unknown_rule_names_its_neighbour():
    with pytest.raises(UnknownExtensionError, match="Did you mean 'overlap'"):
        rule("overlaps", QualityConfig())
