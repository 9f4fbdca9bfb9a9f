"""Tags as they hold, agents' before inferred ones; heads of each: how many have it, how sure that is, why none has."""

from __future__ import annotations

from datetime import datetime

from touchpoint.db import Row, Transaction
from touchpoint.record import availability
from touchpoint.settings import Shop, Tag, Tags


def heads(tx: Transaction, *, shop: Shop, as_of: datetime, tags: Tags, inferred: str) -> list[Row]:
    """Customers by tag and value as of an instant, agents' tags last.

    Args:
        tx: an open transaction.
        shop: the shop.
        as_of: the instant looked from, aware.
        tags: the rules.
        inferred: relation of the tags inferred as of it, of the shape of record.customer_tags.

    Returns:
        Rows of tag, value, customers (None: unavailable), `lowest tenth`, `median` and `highest tenth` of confidence
        (of a feature: of its number), by (record, agents), and a note: what to connect, what was not looked at, or
        `too small to measure`.
    """
    known = tags.all_of(shop)
    found = availability.met(
        tx, shop=shop, as_of=as_of, needs={need for tag in known for need in (*tag.needs, *tag.uses)}
    )
    counted: dict[tuple[str, bool], list[Row]] = {}
    for row in tx.many(
        "tagging/heads", held="tagging/effective", tags=inferred, shop_id=shop.id, as_of=as_of, customer_no=None
    ):
        counted.setdefault((row["tag"], row["is_manual"]), []).append(row)
    told = [line for tag in known for line in _inferred(tag, counted.get((tag.name, False), []), found, tags)]
    return told + [_line(row, tags, "") for (_, manual), rows in sorted(counted.items()) if manual for row in rows]


def effective(tx: Transaction, *, shop: Shop, as_of: datetime, tags: str, customer_no: int | None = None) -> list[Row]:
    """The tags of customers as of an instant: what agents said, else what was inferred.

    Args:
        tx: an open transaction.
        shop: the shop.
        as_of: the instant looked from, aware.
        tags: relation of the tags inferred as of it, of the shape of record.customer_tags.
        customer_no: of this customer alone.
    """
    return tx.many("tagging/effective", tags=tags, shop_id=shop.id, as_of=as_of, customer_no=customer_no)


def _inferred(tag: Tag, rows: list[Row], found: frozenset[str], tags: Tags) -> list[Row]:
    lacking = availability.lacking(tag, found)
    if lacking:
        return [_none(tag, None, f"unavailable: {availability.remedies(lacking)}")]
    if tag.unset:
        return [_none(tag, None, f"unavailable: give `{tag.unset}` for this shop in config/tags.yaml")]
    missing = availability.overlooked(tag, found)
    note = f"not looked at: {', '.join(missing)} ({availability.remedies(missing)})" if missing else ""
    lines = [_line(row, tags, "" if place else note) for place, row in enumerate(rows)]
    return lines or [_none(tag, 0, _join("too small to measure", note))]


def _line(row: Row, tags: Tags, note: str) -> Row:
    spread = row["numbers"] if row["value"] is None else row["confidences"]
    low, middle, high = (None if each is None else round(each, 3) for each in spread or (None,) * 3)
    small = "too small to measure" if row["customers"] < tags.min_customers else ""
    return {
        "tag": row["tag"],
        "value": row["value"],
        "customers": row["customers"],
        "lowest tenth": low,
        "median": middle,
        "highest tenth": high,
        "by": "agents" if row["is_manual"] else "record",
        "note": _join(small, note),
    }


def _none(tag: Tag, customers: int | None, note: str) -> Row:
    nothing = dict.fromkeys(("lowest tenth", "median", "highest tenth"))
    return {"tag": tag.name, "value": None, "customers": customers, **nothing, "by": "record", "note": note}


def _join(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
