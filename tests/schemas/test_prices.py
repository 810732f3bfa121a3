"""Prices: the common ones, one model's own, and what is refused."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from osmo.schemas.config import dump_config, load_config, parse_config
from osmo.schemas.prices import CostConfig, EndpointPrice


def test_a_model_without_a_price_of_its_own_costs_the_common_one() -> None:
    price = CostConfig(gpu_hour=2.0, gpus=2).price("llama3")
    assert (price.gpu_hour, price.gpus, price.by_tokens) == (2.0, 2, False)


def test_a_models_own_price_goes_first() -> None:
    own = EndpointPrice(name="llama3", tokens_in=0.1, tokens_out=0.4, gpus=4)
    price = CostConfig(gpu_hour=2.0, prices=(own,)).price("llama3")
    assert (price.tokens_in, price.tokens_out, price.gpus, price.gpu_hour, price.by_tokens) == (0.1, 0.4, 4, 2.0, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"gpu_hour": -1},
        {"utilisation": 0},
        {"prices": [{"name": "a", "tokens_in": 1}]},
        {"prices": [{"tokens_in": 1, "tokens_out": 1}]},
        {"price": 3},
    ],
    ids=["negative", "never-busy", "one-price-of-two", "nameless", "unknown"],
)
def test_what_is_no_price_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        CostConfig.model_validate(wrong)


def test_a_configuration_keeps_its_prices(tmp_path: Path) -> None:
    file = tmp_path / "osmo.toml"
    file.write_text('[cost]\ncurrency = "EUR"\n[[cost.prices]]\nname = "llama3"\ntokens_in = 0.1\ntokens_out = 0.2\n')
    config = load_config(file)
    assert config.cost.currency == "EUR"
    assert parse_config(dump_config(config)).cost == config.cost
