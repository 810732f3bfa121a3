"""Amounts: work times coefficients times prices."""

from __future__ import annotations

import pytest

from osmo.schemas.config import OsmoConfig
from osmo.tasks.amounts import Amount, Own, amount, ratio_of
from osmo.tasks.coefficients import coefficient_file
from osmo.tasks.workload import Work


def test_a_service_is_paid_by_tokens() -> None:
    config = OsmoConfig.model_construct()
    asked = coefficient_file().of("judge", "llama3")
    price = config.cost.price("llama3").model_copy(update={"tokens_in": 1.0, "tokens_out": 2.0})
    found = amount(Work(calls=1000), asked, price, config)
    tokens_in = asked.prompt_tokens.value + asked.given_tokens.value
    assert found.gpu_hours == 0
    assert found.money == pytest.approx((1000 * tokens_in + 2 * 1000 * asked.tokens_out.value) / 1e6)


def test_a_server_of_four_costs_four_times_as_much() -> None:
    config = OsmoConfig.model_construct()
    asked, price = coefficient_file().of("judge", "llama3"), config.cost.price("llama3")
    one, four = (
        amount(Work(calls=10), asked, price.model_copy(update={"gpus": gpus}), config, Own(tokens_in=2.0))
        for gpus in (1, 4)
    )
    assert four.money == pytest.approx(4 * (one.money or 0))
    assert four.tokens_in == one.tokens_in == 10 * 2 * (asked.prompt_tokens.value + asked.given_tokens.value)


def test_amounts_add_up_and_what_one_cannot_tell_is_not_told() -> None:
    assert Amount(1, 2, 3, 4, 5) + Amount(1, None, 1, 1, 1) == Amount(2, None, 4, 5, 6)


def test_a_ratio_of_nothing_or_of_the_unknown_is_none() -> None:
    assert ratio_of(Amount(2, None, 6, 1, 1), Amount(1, 2, 3, 0, 4)) == Amount(2, None, 2, None, 0.25)
    assert ratio_of(None, Amount(1, 1, 1, 1, 1)) == Amount(None, None, None, None, None)


def test_characters_cost_what_the_configuration_says() -> None:
    asked = coefficient_file().of("voter", "default")
    fixed = asked.prompt_tokens.value + asked.given_tokens.value
    config = OsmoConfig.model_construct()
    costlier = config.model_copy(
        update={"cost": config.cost.model_copy(update={"tokens_per_char_en": 2.0, "tokens_per_char_zh": 3.0})}
    )
    found = amount(Work(calls=1, chars_en=10, chars_zh=10), asked, config.cost.price("x"), costlier)
    assert found.tokens_in == pytest.approx(fixed + 20 + 30)
