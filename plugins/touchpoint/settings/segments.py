"""The shape of config/segments.yaml: lifecycle thresholds, RFM scores and groups, value tiers."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise, product
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictFloat, StrictInt, StringConstraints, field_validator, model_validator

from touchpoint.settings.dormancy import Dormancy
from touchpoint.settings.values import Duration, Strict, Window

Score = Annotated[StrictInt, Field(ge=1, le=5)]
SCORES = (1, 2, 3, 4, 5)
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


def _amount(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise ValueError(f"{value!r} is no amount: write major units, as in 99.50")
    return Decimal(str(value))


Amount = Annotated[Decimal, BeforeValidator(_amount)]


def _rising(values: list[timedelta] | list[int] | list[float] | list[Decimal], what: str) -> None:
    for one, next_one in pairwise(values):
        if not one < next_one:  # type: ignore[operator]
            raise ValueError(f"{what} must rise: {next_one} does not lie above {one}")


class Cells(Strict):
    """Scores of a block of the RFM cube; a dimension that is left out is not looked at.

    Attributes:
        r, f, m: scores of recency, frequency and monetary value, 1 to 5, 5 best.
        fm: the mean of f and m, halves rounded up.
    """

    r: list[Score] | None = None
    f: list[Score] | None = None
    m: list[Score] | None = None
    fm: list[Score] | None = None

    def holds(self, r: int, f: int, m: int) -> bool:
        """Whether a combination of scores lies in the block."""
        looked_at = ((self.r, r), (self.f, f), (self.m, m), (self.fm, mean_score(f, m)))
        return all(scores is None or score in scores for scores, score in looked_at)


def mean_score(f: int, m: int) -> int:
    """The score `fm`: the mean of two scores, halves rounded up."""
    return (f + m + 1) // 2


class RfmThresholds(Strict):
    """Fixed bounds of the scores.

    Attributes:
        recency: silence below which score 5, 4, 3 and 2 is given.
        frequency: paid orders from which score 2, 3, 4 and 5 is given.
        monetary: by currency, net amounts in major units from which score 2, 3, 4 and 5 is given.
    """

    recency: Annotated[list[Duration], Field(min_length=4, max_length=4)]
    frequency: Annotated[list[Annotated[StrictInt, Field(ge=1)]], Field(min_length=4, max_length=4)]
    monetary: dict[Currency, Annotated[list[Amount], Field(min_length=4, max_length=4)]]

    @model_validator(mode="after")
    def _rise(self) -> RfmThresholds:
        _rising(self.recency, "recency")
        _rising(self.frequency, "frequency")
        for currency, amounts in self.monetary.items():
            _rising(amounts, f"monetary of {currency}")
        return self


class Rfm(Strict):
    """How customers are scored and which scores make which group.

    Attributes:
        rule: `quintiles` of the shop's own customers, or fixed `thresholds`.
        min_customers: with fewer customers than this, quintiles give way to the thresholds.
        groups: name -> blocks; every combination of scores lies in exactly one.
    """

    rule: Literal["quintiles", "thresholds"]
    min_customers: Annotated[StrictInt, Field(ge=5)]
    thresholds: RfmThresholds
    groups: dict[Word, Annotated[list[Cells], Field(min_length=1)]]

    @field_validator("groups")
    @classmethod
    def _cover_each_once(cls, value: dict[str, list[Cells]]) -> dict[str, list[Cells]]:
        for place, names in _places(value):
            if not names:
                raise ValueError(f"no group holds {place}: add it to one")
            if len(names) > 1:
                raise ValueError(f"{place} lies in {' and '.join(names)}: take it out of one")
        return value

    def cells(self) -> list[str]:
        """The group of each combination of scores: r slowest, then f, then m."""
        return [names[0] for _, names in _places(self.groups)]


def _places(groups: dict[str, list[Cells]]) -> Iterator[tuple[str, list[str]]]:
    for r, f, m in product(SCORES, repeat=3):
        names = [name for name, blocks in groups.items() for block in blocks if block.holds(r, f, m)]
        yield f"r={r} f={f} m={m} (fm={mean_score(f, m)})", names


class ValueTiers(Strict):
    """Four tiers of net amount, the lowest first.

    Attributes:
        by: `quantiles` of the shop's own customers, or `amounts`; too few customers: amounts.
        quantiles: shares of customers at and below the first three tiers.
        amounts: by currency, net amounts in major units from which tiers two, three and four are given.
    """

    names: Annotated[list[Word], Field(min_length=4, max_length=4)]
    by: Literal["quantiles", "amounts"]
    quantiles: Annotated[list[Annotated[StrictFloat, Field(gt=0, lt=1)]], Field(min_length=3, max_length=3)]
    amounts: dict[Currency, Annotated[list[Amount], Field(min_length=3, max_length=3)]]

    @model_validator(mode="after")
    def _rise(self) -> ValueTiers:
        if len(set(self.names)) != len(self.names):
            raise ValueError("two tiers have the same name: give each its own")
        _rising(self.quantiles, "quantiles")
        for currency, amounts in self.amounts.items():
            _rising(amounts, f"amounts of {currency}")
        return self


class Segments(Strict):
    """config/segments.yaml.

    Attributes:
        window: how far back features look; None: everything.
    """

    window: Window
    new_orders: int = 1
    second_time_orders: int = 2
    loyal_orders: int = 3
    drifting_after: Duration
    dormant_after: Duration
    lost_after: Duration
    dormancy: Dormancy
    rfm: Rfm
    value_tiers: ValueTiers

    @model_validator(mode="after")
    def _looks_far_enough(self) -> Segments:
        longest = max(self.lost_after, self.dormancy.most, *self.rfm.thresholds.recency)
        if self.window is not None and self.window < longest:
            raise ValueError(
                f"window ends before {longest.days}d, the longest silence that a stage, a score or dormancy looks back:"
                " write all, or a longer one"
            )
        return self

    def seconds(self) -> dict[str, int]:
        """Lifecycle thresholds as SQL takes them: counts as they are, silences in seconds."""
        return {
            "new_orders": self.new_orders,
            "second_time_orders": self.second_time_orders,
            "loyal_orders": self.loyal_orders,
            "drifting_after": int(self.drifting_after.total_seconds()),
            "dormant_after": int(self.dormant_after.total_seconds()),
            "lost_after": int(self.lost_after.total_seconds()),
        }
