"""Why a customer is where they are, as of an instant: values, segments and tags, each with what it follows from."""

from __future__ import annotations

from datetime import MAXYEAR, UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from touchpoint.db import Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.learning.outlook import outlook
from touchpoint.record import availability
from touchpoint.record import segments as record
from touchpoint.record.heads import effective
from touchpoint.record.segments import Everybody, major
from touchpoint.settings import Segments, Shop, Tags
from touchpoint.settings.segments import mean_score

_NEEDS = {"order.discount": "discount", "order.coupon": "coupon"}
TROUBLES = ("refund", "bad review", "late parcel", "complaint")


def explain(
    tx: Transaction,
    *,
    shop: Shop,
    customer_id: str,
    as_of: datetime,
    segments: Segments,
    tags: Tags,
    everyone: Everybody,
) -> list[Row]:
    """Why a customer is in each segment, and has each tag: rows of what, value and why.

    Of one merged into another by then, it is the other who is explained.

    Args:
        tx: an open transaction.
        shop: the shop.
        customer_id: as the platform has it.
        as_of: the instant looked from.
        segments: the rules of scores, stages and dormancy.
        tags: the tags there are.
        everyone: the record as of that instant; see `record.everybody`.

    Raises:
        TouchpointError: the shop knew no such customer by then.
    """
    found = tx.maybe(
        "segments/customer",
        features=everyone.features,
        standing=everyone.standing,
        shop_id=shop.id,
        customer_id=customer_id,
        as_of=as_of,
    )
    if found is None:
        raise TouchpointError(
            f"no customer {customer_id!r} by then", place=f"shop {shop.id}", remedy="see the id as the platform has it"
        )
    if found["is_guest"]:
        return [_row("guest", "yes", "an order that names no customer: in no segment")]
    rows = _stage(found, segments)
    if found["customer_id"] != customer_id:
        rows.insert(0, _row("customer", found["customer_id"], f"{customer_id} was merged into them"))
    if not found["order_count"]:
        return rows
    met = availability.met(tx, shop=shop, as_of=as_of, needs=(*_NEEDS, "refund"))
    rows += (
        _values(found, shop, met)
        + _items(found, shop, met)
        + _scores(found, everyone.bounds, shop)
        + _dormancy(found, everyone.dormancy, shop)
    )
    rows += _outlook(tx, found["customer_no"], shop, as_of, segments)
    rows += _touches(tx, found["customer_no"], shop, as_of) + _series(tx, everyone, found["customer_no"], shop)
    return rows + _tags(tx, everyone, found["customer_no"], shop, as_of, tags)


def _stage(found: Row, segments: Segments) -> list[Row]:
    silence = found["recency"]
    why = "no paid order"
    if silence is not None:
        why = f"{found['order_count']} paid orders, {silence.days} days of silence"
    elif found["stage"] != "prospect":
        why = "paid orders before the window alone"
    lasting = ", ".join(
        f"{name} after {getattr(segments, f'{name}_after').days} d" for name in ("drifting", "dormant", "lost")
    )
    return [_row("stage", found["stage"], f"{why}; {lasting}")]


def _values(found: Row, shop: Shop, met: frozenset[str]) -> list[Row]:
    count = found["order_count"]
    refunds = f"refunded {major(found['refund_minor'], shop)} in {found['refund_count']} refunds"
    if "refund" not in met:
        refunds = f"refunds unavailable: {availability.remedies(['refund'])}"
    return [
        _row("orders", count, f"first {_local(found['first_paid_at'], shop)}, on {found['purchase_days']} days"),
        _row("last paid", _local(found["last_paid_at"], shop), f"mean gap {_days(found['mean_gap'])}"),
        _row("net", major(found["net_minor"], shop), f"paid {major(found['paid_minor'], shop)}, {refunds}"),
        _row("order value", round(major(found["paid_minor"], shop) / count, 2), f"paid, over {count} orders"),
    ]


def _items(found: Row, shop: Shop, met: frozenset[str]) -> list[Row]:
    """What not every shop tells of orders; of those that say it alone."""
    rows = []
    items, orders = found["item_count"], found["item_orders"]
    if items:
        paid = major(found["item_paid_minor"], shop)
        rows += [
            _row("items per order", round(items / orders, 2), f"{items} pieces in {orders} orders that say"),
            _row("price per item", round(paid / items, 2), f"paid {paid} for {items} pieces"),
        ]
    for need, what in _NEEDS.items():
        if found[f"{what}_count"] is not None:
            off = major(found[f"{what}_minor"], shop)
            why = f"of {found['order_count']}, {off} off in all"
            rows.append(_row(f"orders with {what}", found[f"{what}_count"], why))
        elif need not in met:
            rows.append(_row(f"orders with {what}", "unavailable", availability.remedies([need])))
    return rows


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


def _dormancy(found: Row, rules: dict[str, Any], shop: Shop) -> list[Row]:
    by = f"by {rules['rule']}" + (f" ({rules['because']})" if rules.get("because") else "")
    begins = found["dormant_from"]
    # 'infinity' comes as the last instant there is, which has none in a zone east of Greenwich.
    told = "never dormant" if begins.year == MAXYEAR else f"dormant from {_local(begins, shop)}"
    rows = [_row("dormancy", found["dormancy"], f"{told}, {by}")]
    if found["dormancy"] == "dormant":
        rows.append(_row("cause", found["cause"] or "not known", f"tag {record.CAUSE}"))
    return rows


def _outlook(tx: Transaction, customer_no: int, shop: Shop, as_of: datetime, segments: Segments) -> list[Row]:
    told = outlook(tx, shop=shop, as_of=as_of, dormancy=segments.dormancy, customer_no=customer_no)
    if told is None:
        return [_row("outlook", "not known", "BG/NBD was not learned by then: docs/lifetime.md")]
    ahead = f"within {segments.dormancy.horizon.days} d"
    seen = f"bought on {told.repeats + 1} days in {told.span} d, silent for {told.age - told.span} d; BG/NBD"
    worth = "what they spend was not learned" if told.purchase is None else f"{told.purchase} a purchase; gamma-gamma"
    return [
        _row("p_alive", round(told.alive, 3), seen if told.repeats else f"{seen}: 1 before a second purchase"),
        _row("p_buys", round(told.buys, 3), ahead),
        _row("expected orders", round(told.orders, 2), ahead),
        _row("expected value", told.value, f"{ahead}; {worth}"),
    ]


def _touches(tx: Transaction, customer_no: int, shop: Shop, as_of: datetime) -> list[Row]:
    found = tx.maybe(
        "segments/touches_of_customer", realm=shop.realm, shop_id=shop.id, customer_no=customer_no, as_of=as_of
    )
    if found is None:
        return [_row("touches", 0, "nothing went out to them")]
    return [
        _row("touches", found["touches"], "messages a provider accepted"),
        _row("first touch", found["first_touch"], _local(found["first_at"], shop)),
        _row("last touch", found["last_touch"], _local(found["last_at"], shop)),
    ]


def _series(tx: Transaction, everyone: Everybody, customer_no: int, shop: Shop) -> list[Row]:
    bought = tx.many("segments/series_of_customer", series=everyone.series, shop_id=shop.id, customer_no=customer_no)
    return [
        _row(f"series {row['series']}", major(row["net_minor"], shop), f"in {row['order_count']} paid orders")
        for row in bought
    ]


def _tags(tx: Transaction, everyone: Everybody, customer_no: int, shop: Shop, as_of: datetime, tags: Tags) -> list[Row]:
    """Every tag there is: what it says, else why it says nothing; then what agents said."""
    found = effective(tx, shop=shop, as_of=as_of, tags=everyone.tags, customer_no=customer_no)
    of_one = {"shop_id": shop.id, "customer_no": customer_no, "as_of": as_of}
    since = {(row["tag"], row["value"]): row["valid_from"] for row in tx.many("segments/tags_of_customer", **of_one)}
    said = {row["tag"]: row if row["is_manual"] else {**row, "since": since.get(_key(row))} for row in found}
    known = tags.all_of(shop)
    met = availability.met(
        tx, shop=shop, as_of=as_of, needs={need for tag in known for need in (*tag.needs, *tag.uses)}
    )
    rows = []
    for tag in known:
        lacking = availability.lacking(tag, met)
        if lacking:
            rows.append(_row(f"tag {tag.name}", "unavailable", availability.remedies(lacking)))
        elif tag.unset:
            rows.append(_row(f"tag {tag.name}", "unavailable", f"config/tags.yaml gives no {tag.unset} for this shop"))
        elif tag.name in said:
            rows.append(_tag(said[tag.name], shop))
        else:
            rows.append(_row(f"tag {tag.name}", "none", "not enough evidence"))
    names = {tag.name for tag in known}
    return rows + [_tag(row, shop) for name, row in sorted(said.items()) if name not in names]


def _key(row: Row) -> tuple[str, str | None]:
    return row["tag"], row["value"]


def troubles(bits: int) -> str:
    """What the number of leaving_cause = unhappy says, in words; as record.trouble_words does."""
    return ", ".join(word for place, word in enumerate(TROUBLES) if bits >> place & 1)


def _tag(row: Row, shop: Shop) -> Row:
    told = [f"said by {row['author']}"] if row["is_manual"] else []
    if row["out_of"] is not None:
        told.append(f"{row['evidence']} of {row['out_of']}")
    elif row["evidence"] is not None:
        told.append(f"evidence {row['evidence']}")
    if row["confidence"] is not None:
        told.append(f"confidence {row['confidence']:.2f}")
    if row["tag"] == record.CAUSE and row["value"] == "unhappy":
        told.append(troubles(int(row["number"])))
    elif row["value"] is not None and row["number"] is not None:
        told.append(f"number {row['number']:g}")
    if row["since"] is not None:
        told.append(f"since {_local(row['since'], shop)}")
    value = row["value"] if row["value"] is not None else f"{row['number']:.4g}"
    return _row(f"tag {row['tag']}", value, ", ".join(told))


def _row(what: str, value: object, why: str) -> Row:
    return {"what": what, "value": value, "why": why}


def _local(instant: datetime | None, shop: Shop) -> str:
    return instant.astimezone(ZoneInfo(shop.zone)).isoformat(sep=" ", timespec="seconds") if instant else ""


def _days(gap: Any) -> str:
    return "not known yet" if gap is None else f"{gap.total_seconds() / 86400:.1f} d"
