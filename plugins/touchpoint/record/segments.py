"""Segments of a shop as of an instant: who is in each RFM group, value tier and lifecycle stage, and why.

At or after the head one pass over the narrow facts tells everybody's features; before it, the versions known then.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from touchpoint.db import Json, Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.money import EXPONENTS
from touchpoint.record import rfm
from touchpoint.settings import Segments, Shop
from touchpoint.settings.segments import mean_score

CUSTOMERS, LABELLED = "pg_temp.customers_as_of", "pg_temp.labelled_customers"


def label(tx: Transaction, *, shop: Shop, as_of: datetime, segments: Segments) -> dict[str, Any]:
    """Label every customer of a shop; the rows stand in LABELLED until the transaction ends.

    Returns:
        Where scores and tiers begin; see `rfm.bounds`.
    """
    bounds = find_bounds(tx, shop=shop, as_of=as_of, segments=segments)
    tx.do("segments/labels", as_of=as_of, rfm=Json(bounds), segments=Json(segments.seconds()))
    return bounds


def find_bounds(tx: Transaction, *, shop: Shop, as_of: datetime, segments: Segments) -> dict[str, Any]:
    """Features of every customer of a shop, in CUSTOMERS until the transaction ends, and the bounds they make.

    Returns:
        Where scores and tiers begin; see `rfm.bounds`.
    """
    is_current = tx.one("features/stands_at", shop_id=shop.id, as_of=as_of)["is_current"]
    features = "features/of_record" if is_current else "features/of_facts"
    tx.do("segments/forget")
    if is_current:
        tx.one("features/hold_plan")
    tx.do("segments/features", features=features, shop_id=shop.id, as_of=as_of)
    bounds = rfm.bounds(tx, shop=shop, as_of=as_of, relation=CUSTOMERS, segments=segments)
    if is_current:
        tx.many("features/free_plan")
    return bounds


def counts(tx: Transaction, *, shop: Shop, as_of: datetime, segments: Segments) -> list[Row]:
    """Customers, share in percent, orders and net amount (major units) of each segment; guests are in none."""
    label(tx, shop=shop, as_of=as_of, segments=segments)
    found = tx.many("segments/counts", shop_id=shop.id, as_of=as_of)
    return [
        {**{key: value for key, value in row.items() if key != "net_minor"}, "net": major(row["net_minor"], shop)}
        for row in found
    ]


def explain(tx: Transaction, *, shop: Shop, customer_id: str, as_of: datetime, segments: Segments) -> list[Row]:
    """Why a customer is in each segment: rows of what, value and why.

    Raises:
        TouchpointError: the shop knew no such customer by then.
    """
    bounds = find_bounds(tx, shop=shop, as_of=as_of, segments=segments)
    parameters = {"rfm": Json(bounds), "segments": Json(segments.seconds())}
    found = tx.maybe("segments/customer", shop_id=shop.id, customer_id=customer_id, as_of=as_of, **parameters)
    if found is None:
        raise TouchpointError(
            f"no customer {customer_id!r} by then", place=f"shop {shop.id}", remedy="see the id as the platform has it"
        )
    if found["is_guest"]:
        return [_row("guest", "yes", "an order that names no customer: in no segment")]
    rows = _values(found, shop, segments)
    if found["order_count"]:
        rows += _scores(found, bounds, shop)
    series = tx.many("segments/series_of_customer", shop_id=shop.id, customer_no=found["customer_no"], as_of=as_of)
    return rows + [
        _row(f"series {row['series']}", major(row["net_minor"], shop), f"in {row['order_count']} paid orders")
        for row in series
    ]


def major(minor: int, shop: Shop) -> Decimal:
    """Minor units of the shop's currency as an amount in major units."""
    return Decimal(minor).scaleb(-EXPONENTS.get(shop.currency, 2))


def _values(found: Row, shop: Shop, segments: Segments) -> list[Row]:
    silence = found["recency"]
    stage_why = f"{found['order_count']} paid orders, {silence.days} days of silence" if silence else "no paid order"
    lasting = ", ".join(
        f"{name} after {getattr(segments, f'{name}_after').days} d" for name in ("drifting", "dormant", "lost")
    )
    amounts = f"paid {major(found['paid_minor'], shop)}, refunded {major(found['refund_minor'], shop)}"
    rows = [
        _row("stage", found["stage"], f"{stage_why}; {lasting}"),
        _row("orders", found["order_count"], f"first {_local(found['first_paid_at'], shop)}"),
        _row("last paid", _local(found["last_paid_at"], shop), f"mean gap {_days(found['mean_gap'])}"),
        _row("net", major(found["net_minor"], shop), f"{amounts} in {found['refund_count']} refunds"),
    ]
    return rows if found["order_count"] else rows[:1]


def _scores(found: Row, bounds: dict[str, Any], shop: Shop) -> list[Row]:
    r, f, m = found["r_score"], found["f_score"], found["m_score"]
    by = f"{bounds['rule']}, {bounds['customers']} customers"
    begins = {
        "r": [_local(datetime.fromtimestamp(value, UTC), shop) for value in bounds["recency"]],
        "f": bounds["frequency"],
        "m": [major(value, shop) for value in bounds["monetary"]],
    }
    told = {name: ", ".join(f"{score} from {value}" for score, value in enumerate(begins[name], 2)) for name in "rfm"}
    tiers = zip(bounds["tiers"][1:], bounds["tier_from"], strict=True)
    return [
        _row("r_score", r, f"last paid: {told['r']}"),
        _row("f_score", f, f"orders: {told['f']}"),
        _row("m_score", m, f"net: {told['m']}"),
        _row("rfm_group", found["rfm_group"], f"r={r} f={f} m={m} (fm={mean_score(f, m)}), by {by}"),
        _row(
            "value_tier",
            found["value_tier"],
            f"{', '.join(f'{name} from {major(value, shop)}' for name, value in tiers)}, by {bounds['tier_rule']}",
        ),
    ]


def _row(what: str, value: object, why: str) -> Row:
    return {"what": what, "value": value, "why": why}


def _local(instant: datetime | None, shop: Shop) -> str:
    return instant.astimezone(ZoneInfo(shop.zone)).isoformat(sep=" ", timespec="seconds") if instant else ""


def _days(gap: Any) -> str:
    return "not known yet" if gap is None else f"{gap.total_seconds() / 86400:.1f} d"
