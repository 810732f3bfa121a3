"""What asking models costs: prices, how busy servers are, and the ratios by which what is not there yet is foretold."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Money = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Ratio = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class EndpointPrice(BaseModel):
    """What one model costs, where it differs from the rest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(description="A section of [models]")
    tokens_in: Money | None = Field(default=None, description="Of a million prompt tokens, where a service is paid so")
    tokens_out: Money | None = Field(default=None, description="Of a million answer tokens")
    gpu_hour: Money | None = Field(default=None, description="Of one GPU for an hour; null: the common price")
    gpus: int | None = Field(default=None, ge=1, description="GPUs of its server; null: the common number")

    @model_validator(mode="after")
    def _both_prices(self) -> EndpointPrice:
        if (self.tokens_in is None) != (self.tokens_out is None):
            raise ValueError("a service that is paid by tokens has a price of both: give tokens_in and tokens_out")
        return self

    @property
    def by_tokens(self) -> bool:
        """Whether it is paid by tokens and not by GPU-hours."""
        return self.tokens_in is not None


class CostConfig(BaseModel):
    """Prices for `osmo plan --cost`; assumptions, to be replaced by your own. They change no result."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    currency: str = Field(default="USD", description="Of every price here")
    gpu_hour: Money = Field(
        default=3.0,
        description="One GPU for an hour; assumed: H100, on demand, 2.50–3.50 USD in May 2026 (docs/cost.md)",
    )
    gpus: int = Field(default=1, ge=1, description="GPUs of one model's server")
    utilisation: float = Field(
        default=0.7, gt=0, le=1, description="Share of the rented time in which a server works; assumed"
    )
    prices: tuple[EndpointPrice, ...] = Field(
        default=(), description='[[cost.prices]] for models that cost otherwise: name = "llama3", tokens_in = 0.1, …'
    )
    tokens_per_char_en: Ratio | None = Field(default=None, description="null: as tasks/coefficients.toml says")
    tokens_per_char_zh: Ratio | None = Field(default=None, description="Of Mandarin; null: as that file says")
    segments_per_hour: Ratio = Field(
        default=266.7, description="Of recordings not yet segmented (paper: 200,000 of 750 h)"
    )
    kept_share: Ratio = Field(default=0.089, description="Candidates of segments (paper: 17,800 of 200,000)")
    clips_per_candidate: Ratio = Field(
        default=0.843, description="Clips of candidates (paper: 125 h in clips of 30 s of 17,800)"
    )
    regions_per_annotation: Ratio = Field(
        default=1.0, description="Regions that the judge gets of one annotation; assumed"
    )
    events_per_clip: Ratio = Field(
        default=0.88, description="Events of clips (paper: 110 of 125 h); assumed one a clip"
    )

    def price(self, name: str) -> EndpointPrice:
        """What a model costs, with the common values where it has none of its own."""
        own = next((one for one in self.prices if one.name == name), EndpointPrice(name=name))
        common = {"gpu_hour": self.gpu_hour, "gpus": self.gpus}
        return own.model_copy(update={key: value for key, value in common.items() if getattr(own, key) is None})
