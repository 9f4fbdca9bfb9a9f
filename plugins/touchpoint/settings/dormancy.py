"""The block `dormancy` of config/segments.yaml: when silence becomes dormancy, and what it takes to learn it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, StrictInt, model_validator

from touchpoint.settings.values import Duration, Strict

Count = Annotated[StrictInt, Field(ge=1)]


class Dormancy(Strict):
    """When silence becomes dormancy.

    Attributes:
        rule: `fixed`, `rhythm` (the customer's own), `lifetime` (BG/NBD), or `learned`: whichever won on the shop's own
            data when a backtest was last kept. What a rule needs and was not learned yet: `fixed` holds.
        fixed_after: silence that is dormancy by `fixed`.
        factor: how many of a customer's expected gaps are dormancy by `rhythm`.
        prior_weight: how many gaps of the population count beside a customer's own.
        buys_below: the chance to buy within the horizon below which `lifetime` says dormancy; `matched`: the one below
            which there were as many customers as were silent for fixed_after, when it was learned.
        horizon: how far ahead a purchase is looked for, by `lifetime` and by backtests.
        least, most: `rhythm` and `lifetime` allow no shorter and no longer silence than these.
        min_customers, min_repeat_buyers: with fewer of either nothing is learned and no backtest is kept.
        sample: at most so many customers are learned from, picked by a hash of their number.
    """

    rule: Literal["fixed", "rhythm", "lifetime", "learned"]
    fixed_after: Duration
    factor: Annotated[float, Field(gt=0, le=100)]
    prior_weight: Annotated[float, Field(gt=0, le=1000)]
    buys_below: Literal["matched"] | Annotated[float, Field(ge=0.001, le=0.999)]
    horizon: Duration
    least: Duration
    most: Duration
    min_customers: Count
    min_repeat_buyers: Count
    sample: Annotated[StrictInt, Field(ge=1000)]

    @model_validator(mode="after")
    def _ordered(self) -> Dormancy:
        if not timedelta() < self.least < self.most:
            raise ValueError("least must lie above 0 and below most")
        if self.horizon < timedelta(days=1):
            raise ValueError("horizon must be one day at least")
        return self
