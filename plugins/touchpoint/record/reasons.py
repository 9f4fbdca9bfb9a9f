"""What explains a customer, line by line: what, value and why. Nothing is read here; see `explain`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import MAXYEAR, UTC, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from touchpoint.db import Row
from touchpoint.money import EXPONENTS
from touchpoint.record import availability
from touchpoint.record import segments as record
from touchpoint.record.segments import major
from touchpoint.record.stages import Stage
from touchpoint.settings import Segments, Shop
from touchpoint.settings.segments import mean_score

NEEDS = {"order.discount": "discount", "order.coupon": "coupon"}
Silent = Mapping[str, Sequence[str]]
"""What one shop of a brand tells and others that sell do not: need -> those others."""
TROUBLES = ("refund", "bad review", "late parcel", "complaint")


def stage(found: Row, segments: Segments) -> list[Row]:
    """The lifecycle stage; `has_paid`: whether they ever did, however long ago."""
    silence = found["recency"]
    why = "no paid order"
    if silence is not None:
        why = f"{counted(found['order_count'], 'paid order')}, {counted(silence.days, 'day')} of silence"
    elif found["has_paid"]:
        why = "paid orders before the window alone"
    lasting = ", ".join(
        f"{name} after {getattr(segments, f'{name}_after').days} d" for name in ("drifting", "dormant", "lost")
    )
    # Whose purchases all lie before the window has no features, and no stage made of them.
    told = found["stage"] or (Stage.LOST if found["has_paid"] else Stage.PROSPECT)
    return [row("stage", str(told), f"{why}; {lasting}")]


def values(found: Row, shop: Shop, met: frozenset[str], silent: Silent) -> list[Row]:
    """Orders and amounts; those of shops of a brand that tell no refunds are what was paid."""
    count = found["order_count"]
    refunds = f"refunded {major(found['refund_minor'], shop)} in {counted(found['refund_count'], 'refund')}"
    if "refund" not in met:
        refunds = f"refunds unavailable: {availability.remedies(['refund'])}"
    elif "refund" in silent:
        refunds += f"; those of {', '.join(silent['refund'])} unavailable: {availability.remedies(['refund'])}"
    return [
        row(
            "orders", count, f"first {local(found['first_paid_at'], shop)}, on {counted(found['purchase_days'], 'day')}"
        ),
        row("last paid", local(found["last_paid_at"], shop), f"mean gap {_days(found['mean_gap'])}"),
        row("net", major(found["net_minor"], shop), f"paid {major(found['paid_minor'], shop)}, {refunds}"),
        row("order value", _each(found["paid_minor"], count, shop), f"paid, over {counted(count, 'order')}"),
    ]


def items(found: Row, shop: Shop, met: frozenset[str], silent: Silent) -> list[Row]:
    """What not every shop tells of orders; of those that say it alone."""
    rows = []
    items, orders = _pieces(found["item_count"]), found["item_orders"]
    if items:
        paid, pieces = major(found["item_paid_minor"], shop), counted(items, "piece")
        rows += [
            row("items per order", round(items / orders, 2), f"{pieces} in {counted(orders, 'order')} that said"),
            row("price per item", _each(found["item_paid_minor"], items, shop), f"paid {paid} for {pieces}"),
        ]
    for need, what in NEEDS.items():
        if found[f"{what}_count"] is not None:
            off = major(found[f"{what}_minor"], shop)
            why = f"of {found['order_count']}, {off} off in all"
            if need in silent:
                why += f"; {', '.join(silent[need])} do not say"
            rows.append(row(f"orders with {what}", found[f"{what}_count"], why))
        elif need not in met:
            rows.append(row(f"orders with {what}", "unavailable", availability.remedies([need])))
    return rows


def scores(found: Row, bounds: dict[str, Any], shop: Shop) -> list[Row]:
    """RFM scores and value tier, each with where it begins."""
    r, f, m = found["r_score"], found["f_score"], found["m_score"]
    by = f"{bounds['rule']}, {counted(bounds['customers'], 'customer')}"
    begins = {
        "r": [local(datetime.fromtimestamp(value, UTC), shop) for value in bounds["recency"]],
        "f": bounds["frequency"],
        "m": [major(value, shop) for value in bounds["monetary"]],
    }
    told = {name: ", ".join(f"{score} from {value}" for score, value in enumerate(begins[name], 2)) for name in "rfm"}
    tiers = zip(bounds["tiers"][1:], bounds["tier_from"], strict=True)
    return [
        row("r_score", r, f"last paid: {told['r']}"),
        row("f_score", f, f"orders: {told['f']}"),
        row("m_score", m, f"net: {told['m']}"),
        row("rfm_group", found["rfm_group"], f"r={r} f={f} m={m} (fm={mean_score(f, m)}), by {by}"),
        row(
            "value_tier",
            found["value_tier"],
            f"{', '.join(f'{name} from {major(value, shop)}' for name, value in tiers)}, by {bounds['tier_rule']}",
        ),
    ]


def dormancy(found: Row, rules: dict[str, Any], shop: Shop, whose: str = "") -> list[Row]:
    """Whether silence has become dormancy, since when, and by which rule; `whose` it is, of a brand."""
    by = f"by {rules['rule']}{whose}" + (f" ({rules['because']})" if rules.get("because") else "")
    begins = found["dormant_from"]
    # 'infinity' comes as the last instant there is, which has none in a zone east of Greenwich.
    told = "never dormant" if begins.year == MAXYEAR else f"dormant from {local(begins, shop)}"
    rows = [row("dormancy", found["dormancy"], f"{told}, {by}")]
    if found["dormancy"] == "dormant":
        rows.append(row("cause", found["cause"] or "not known", f"tag {record.CAUSE}"))
    return rows


def troubles(bits: int) -> str:
    """What the number of leaving_cause = unhappy says, in words; as record.trouble_words does."""
    return ", ".join(word for place, word in enumerate(TROUBLES) if bits >> place & 1)


def tag(found: Row, shop: Shop) -> Row:
    """A tag with its evidence, or who said it."""
    told = [f"said by {found['author']}"] if found["is_manual"] else []
    if found["out_of"] is not None:
        told.append(f"{found['evidence']} of {found['out_of']}")
    elif found["evidence"] is not None:
        told.append(f"evidence {found['evidence']}")
    if found["confidence"] is not None:
        told.append(f"confidence {found['confidence']:.2f}")
    if found["tag"] == record.CAUSE and found["value"] == "unhappy":
        told.append(troubles(int(found["number"])))
    elif found["value"] is not None and found["number"] is not None:
        told.append(f"number {found['number']:g}")
    if found["since"] is not None:
        told.append(f"since {local(found['since'], shop)}")
    value = found["value"] if found["value"] is not None else f"{found['number']:.4g}"
    return row(f"tag {found['tag']}", value, ", ".join(told))


def row(what: str, value: object, why: str) -> Row:
    """A line."""
    return {"what": what, "value": value, "why": why}


def local(instant: datetime | None, shop: Shop) -> str:
    """An instant by the shop's clock, empty if there is none."""
    return instant.astimezone(ZoneInfo(shop.zone)).isoformat(sep=" ", timespec="seconds") if instant else ""


def _pieces(number: float | None) -> int | Decimal | None:
    """How many: a whole number, but where goods are sold by weight or length."""
    exact = None if number is None else Decimal(str(number))
    return int(exact) if exact is not None and exact == int(exact) else exact


def counted(number: int | Decimal, what: str) -> str:
    """`1 order`, `2 orders`."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _each(minor: int, number: int | Decimal, shop: Shop) -> Decimal:
    """An amount over so many, as fine as the coins of the shop's currency."""
    return round(major(minor, shop) / number, EXPONENTS.get(shop.currency, 2))


def _days(gap: Any) -> str:
    return "not known yet" if gap is None else f"{gap.total_seconds() / 86400:.1f} d"
