from __future__ import annotations

import pytest

from osmo.schemas.config import QualityConfig
from osmo.tasks.qa.registry import UnknownRuleError, rule, rules


def test_every_file_of_the_folder_is_a_rule_of_its_name():
    assert rules() == [
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
    assert [rule(name, QualityConfig()).name for name in rules()] == rules()


def test_an_unknown_rule_names_its_neighbour():
    with pytest.raises(UnknownRuleError, match="Did you mean 'overlap'"):
        rule("overlaps", QualityConfig())
