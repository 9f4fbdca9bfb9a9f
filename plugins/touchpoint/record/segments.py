"""Segments of a shop as of an instant: who is in each RFM group, value tier and lifecycle stage, and why.

At or after the head one pass over the narrow facts tells everybody's features; before it, the versions known then.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from touchpoint.db import Json, Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.money import EXPONENTS
from touchpoint.record import rfm
from touchpoint.settings import Segments, Shop
from touchpoint.settings.segments import mean_score


@dataclass(frozen=True)
class Everybody:
    """Every customer of a shop as of an instant; labels follow when they are read (record.labels).

    Attributes:
        customers: relation of the features of every customer with a paid order, guests left out.
        bounds: where scores and tiers begin; see `rfm.bounds`.
        parameters: what statements that read labels take.
    """

    customers: str
    bounds: dict[str, Any]
    parameters: dict[str, object]


@contextmanager
def everybody(tx: Transaction, *, shop: Shop, as_of: datetime, segments: Segments) -> Iterator[Everybody]:
    """Features of every customer of a shop as of an instant, and the bounds they make, while the block lasts."""
    is_current = tx.one("features/stands_at", shop_id=shop.id, as_of=as_of)["is_current"]
    customers = f"record.customers_{uuid4().hex}"
    tx.one("features/hold_plan" if is_current else "features/hold_memory")
    tx.do(
        "segments/features",
        customers=customers,
        features="features/of_record" if is_current else "features/of_facts",
        shop_id=shop.id,
        as_of=as_of,
        cuts=tx.one("features/cuts", shop_id=shop.id)["cuts"],
    )
    bounds = rfm.bounds(tx, shop=shop, as_of=as_of, relation=customers, segments=segments)
    tx.many("features/free_plan")
    labels = {"as_of": as_of, "rfm": Json(bounds), "segments": Json(segments.seconds())}
    yield Everybody(customers, bounds, {"customers": customers, **labels})
    tx.do("segments/forget", customers=customers)


def counts(tx: Transaction, *, shop: Shop, as_of: datetime, segments: Segments) -> list[Row]:
    """Customers, share in percent, orders and net amount (major units) of each segment; guests are in none."""
    with everybody(tx, shop=shop, as_of=as_of, segments=segments) as made:
        found = tx.many("segments/counts", **made.parameters)
        prospects = tx.one("segments/prospects", customers=made.customers, shop_id=shop.id, as_of=as_of)["customers"]
    if prospects:
        found.append({"kind": "stage", "segment": "prospect", "customers": prospects, "orders": 0, "net_minor": 0})
    in_all: Counter[str] = Counter()
    for row in found:
        in_all[row["kind"]] += row["customers"]
    found.sort(key=lambda row: (row["kind"], -row["customers"], row["segment"]))
    return [
        {
            "kind": row["kind"],
            "segment": row["segment"],
            "customers": row["customers"],
            "percent": round(100 * row["customers"] / in_all[row["kind"]], 1),
            "orders": row["orders"],
            "net": major(row["net_minor"], shop),
        }
        for row in found
    ]


def explain(tx: Transaction, *, shop: Shop, customer_id: str, as_of: datetime, segments: Segments) -> list[Row]:
    """Why a customer is in each segment: rows of what, value and why.

    Raises:
        TouchpointError: the shop knew no such customer by then.
    """
    with everybody(tx, shop=shop, as_of=as_of, segments=segments) as made:
        found = tx.maybe("segments/customer", shop_id=shop.id, customer_id=customer_id, **made.parameters)
    if found is None:
        raise TouchpointError(
            f"no customer {customer_id!r} by then", place=f"shop {shop.id}", remedy="see the id as the platform has it"
        )
    if found["is_guest"]:
        return [_row("guest", "yes", "an order that names no customer: in no segment")]
    rows = _values(found, shop, segments)
    if found["order_count"]:
        rows += _scores(found, made.bounds, shop)
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
