"""Where RFM scores and value tiers begin for a shop as of an instant: by its own customers, or by fixed thresholds.

A score is 1 and one more for each bound reached (record.labels). A quintile ends at the largest value still inside it,
so the next score begins one step above: equal values always get equal scores, the lower of those they straddle. A
shop with fewer customers than `min_customers` has no quintiles worth the name, and is scored by the thresholds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from touchpoint.db import Row, Transaction
from touchpoint.errors import ConfigError
from touchpoint.money import EXPONENTS
from touchpoint.settings import Segments, Shop

PLACE = "config/segments.yaml"
STORED = "record.customer_features"
_STEP = timedelta(microseconds=1)  # the finest PostgreSQL keeps
_FIFTHS = (0.2, 0.4, 0.6, 0.8)


def bounds(tx: Transaction, *, shop: Shop, as_of: datetime, relation: str | None, segments: Segments) -> dict[str, Any]:
    """The parameter `rfm` of audience statements and of record.labels.

    Args:
        tx: an open transaction.
        shop: the shop; its currency picks the amounts.
        as_of: the instant looked from, aware.
        relation: customer features as of that instant; None: the stored ones.
        segments: the rules.

    Returns:
        `rule` and `tier_rule` that were used; `customers`, how many there are; `recency` (seconds since 1970),
        `frequency` (paid orders) and `monetary` (net, minor units), each where scores 2 to 5 begin; `groups`, of each
        combination of scores; `tiers`, and `tier_from`, where the second to fourth begin (net, minor units).

    Raises:
        ConfigError: amounts are needed, and none are given in the shop's currency.
    """
    tiers = segments.value_tiers
    shares = {"quintiles": shares_of(_FIFTHS), "quantiles": shares_of(tiers.quantiles)}
    measured = tx.many("segments/bounds", features=relation or STORED, shop_id=shop.id, **shares)
    found = {row["measure"]: row for row in measured}
    customers = found["recency"]["customers"]
    enough = customers >= segments.rfm.min_customers
    by_quintile = enough and segments.rfm.rule == "quintiles"
    by_quantile = enough and tiers.by == "quantiles"
    return {
        "rule": "quintiles" if by_quintile else "thresholds",
        "tier_rule": "quantiles" if by_quantile else "amounts",
        "customers": customers,
        **(_quintiles(found) if by_quintile else _thresholds(segments, shop, as_of)),
        "groups": segments.rfm.cells(),
        "tiers": list(tiers.names),
        "tier_from": _above(found["monetary"]["tiers"])
        if by_quantile
        else _minor(tiers.amounts, shop, "value_tiers.amounts"),
    }


def renewed(kept: Mapping[str, Any], *, shop: Shop, as_of: datetime, segments: Segments) -> dict[str, Any]:
    """Bounds kept at an earlier instant, as they are now that nobody's features changed since.

    Args:
        kept: those bounds, without what the rules say.
        shop: the shop; its currency picks the amounts.
        as_of: the instant looked from, aware.
        segments: the rules they were made by.
    """
    said = {"groups": segments.rfm.cells(), "tiers": list(segments.value_tiers.names)}
    by_clock = _thresholds(segments, shop, as_of) if kept["rule"] == "thresholds" else {}
    return {**kept, **said, **by_clock}


def shares_of(quantiles: Sequence[float]) -> list[float]:
    """Shares as percentile_disc takes them: 0.2 * 35 is 7.000000000000001 to it, and would mean the 8th value."""
    return [quantile - 1e-9 for quantile in quantiles]


def _quintiles(found: Mapping[str, Row]) -> dict[str, list[float]]:
    return {
        "recency": [(instant + _STEP).timestamp() for instant in found["recency"]["instants"]],
        "frequency": _above(found["frequency"]["ends"]),
        "monetary": _above(found["monetary"]["ends"]),
    }


def _thresholds(segments: Segments, shop: Shop, as_of: datetime) -> dict[str, Sequence[float]]:
    given = segments.rfm.thresholds
    return {
        "recency": [(as_of - silence + _STEP).timestamp() for silence in reversed(given.recency)],
        "frequency": list(given.frequency),
        "monetary": _minor(given.monetary, shop, "rfm.thresholds.monetary"),
    }


def _above(values: Sequence[int]) -> list[float]:
    return [value + 1 for value in values]


def _minor(amounts: Mapping[str, Sequence[Decimal]], shop: Shop, key: str) -> list[float]:
    if shop.currency not in amounts:
        raise ConfigError(
            f"{key} has no amounts in {shop.currency}, the currency of shop {shop.id}",
            place=PLACE,
            remedy=f"add {shop.currency}: […]",
        )
    return [int(amount.scaleb(EXPONENTS.get(shop.currency, 2))) for amount in amounts[shop.currency]]
