"""Tags as they hold, agents' before inferred ones; heads of each: how many have it, how sure that is, why none has."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from touchpoint.db import Row, Transaction
from touchpoint.record import availability
from touchpoint.record.availability import Reach
from touchpoint.record.made import Scope
from touchpoint.settings import Shop, Tag, Tags


def heads(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    tags: Tags,
    inferred: str,
    scope: Scope = "all",
    others: Sequence[Shop] = (),
) -> list[Row]:
    """Customers by tag and value as of an instant, agents' tags last.

    Args:
        tx: an open transaction.
        shop: the shop; of a brand, its first.
        as_of: the instant looked from, aware.
        tags: the rules.
        inferred: relation of the tags inferred as of it, of the shape of record.customer_tags.
        scope: `all` customers of the shop, or the people of a `brand` (`brands.people` lists them first).
        others: the other shops of the brand.

    Returns:
        Rows of tag, value, customers (None: unavailable), `lowest tenth`, `median` and `highest tenth` of confidence
        (of a feature: of its number), by (record, agents), and a note: what to connect, what was not looked at, or
        `too small to measure`.
    """
    within = availability.reach(tx, shops=(shop, *others), as_of=as_of, tags=tags)
    counted: dict[tuple[str, bool], list[Row]] = {}
    for row in tx.many("tagging/heads", held="tagging/effective", **_held(shop, as_of, inferred, scope, None)):
        counted.setdefault((row["tag"], row["is_manual"]), []).append(row)
    known = tags.all_of(shop)
    told = [line for tag in known for line in _inferred(tag, counted.get((tag.name, False), []), within, tags)]
    return told + [_line(row, tags, "") for (_, manual), rows in sorted(counted.items()) if manual for row in rows]


def effective(
    tx: Transaction, *, shop: Shop, as_of: datetime, tags: str, scope: Scope = "all", customer_no: int | None = None
) -> list[Row]:
    """The tags of customers as of an instant: what agents said, else what was inferred.

    Args:
        tx: an open transaction.
        shop: the shop; of a brand, its first.
        as_of: the instant looked from, aware.
        tags: relation of the tags inferred as of it, of the shape of record.customer_tags.
        scope: `all` customers of the shop, or the people of a `brand`.
        customer_no: of this customer, or person, alone.
    """
    return tx.many("tagging/effective", **_held(shop, as_of, tags, scope, customer_no))


def _held(shop: Shop, as_of: datetime, tags: str, scope: Scope, customer_no: int | None) -> dict[str, object]:
    said = "tagging/said_of_brand" if scope == "brand" else "tagging/said"
    return {"said": said, "tags": tags, "shop_id": shop.id, "as_of": as_of, "customer_no": customer_no}


def _inferred(tag: Tag, rows: list[Row], within: Reach, tags: Tags) -> list[Row]:
    if tag.name in within.reasons:
        return [_none(tag, None, f"unavailable: {within.reasons[tag.name]}")]
    missing = availability.overlooked(tag, within.met)
    note = f"not looked at: {', '.join(missing)} ({availability.remedies(missing)})" if missing else ""
    lines = [_line(row, tags, "" if place else note) for place, row in enumerate(rows)]
    return lines or [_none(tag, 0, _join("too small to measure", note))]


def _line(row: Row, tags: Tags, note: str) -> Row:
    small = "too small to measure" if row["customers"] < tags.min_customers else ""
    return {
        "tag": row["tag"],
        "value": row["value"],
        "customers": row["customers"],
        "lowest tenth": row["low"],
        "median": row["middle"],
        "highest tenth": row["high"],
        "by": "agents" if row["is_manual"] else "record",
        "note": _join(small, note),
    }


def _none(tag: Tag, customers: int | None, note: str) -> Row:
    nothing = dict.fromkeys(("lowest tenth", "median", "highest tenth"))
    return {"tag": tag.name, "value": None, "customers": customers, **nothing, "by": "record", "note": note}


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
