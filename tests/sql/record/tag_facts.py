"""Narrow facts by hand, and one tag inferred from them by the statement and rules the repository has."""

from __future__ import annotations

import itertools
import zlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from tests.sql.decide.building import SHOP, add_customer, insert, make_shop, rows

from touchpoint import statements
from touchpoint.db import Json, Transaction
from touchpoint.settings import CONFIG_ROOT, load_tags

ZONE = ZoneInfo("Asia/Shanghai")
AS_OF = datetime(2026, 6, 1, tzinfo=ZONE)
DAY = timedelta(days=1)
_numbers = itertools.count(1)
SCOPED = ("purchases", "lines", "price_differences", "refunds", "events", "members")


def at(month_day: str, hour: int = 20) -> datetime:
    """An hour of a day of 2026 by the shop's clock, as in 03-10."""
    return datetime.fromisoformat(f"2026-{month_day}").replace(hour=hour, tzinfo=ZONE)


def word(tx: Transaction, text: str | None) -> int | None:
    """The number of a word."""
    if text is None:
        return None
    tx.connection.exec_driver_sql(
        "INSERT INTO record.words (word) VALUES (%(word)s) ON CONFLICT ON CONSTRAINT words_once DO NOTHING",
        {"word": text},
    )
    return int(rows(tx, "SELECT word_no FROM record.words WHERE word = %(word)s", word=text)[0]["word_no"])


def _when(paid_at: datetime) -> dict[str, Any]:
    return {"paid_at": paid_at, "day": (paid_at.astimezone(ZONE).date() - date(1970, 1, 1)).days}


def _known(since: datetime) -> dict[str, Any]:
    return {"shop_id": SHOP, "known_from": since, "known_until": "infinity"}


def purchase(tx: Transaction, customer: str, paid_at: datetime, **changed: Any) -> None:
    """A paid order of 100.00; region and device by their words."""
    number = next(_numbers)
    words = {f"{name}_no": word(tx, changed.pop(name, None)) for name in ("region", "device")}
    given: dict[str, Any] = {
        "customer_no": add_customer(tx, customer),
        **_known(paid_at),
        **_when(paid_at),
        "order_key": number,
        "order_id": f"o{number}",
        "net_minor": 10_000,
        **words,
        "hour": paid_at.astimezone(ZONE).hour,
        "month_day": paid_at.astimezone(ZONE).day,
        **changed,
    }
    insert(tx, "record.paid_orders", **given)


def line(tx: Transaction, customer: str, paid_at: datetime, **changed: Any) -> None:
    """One piece of goods of 100.00, of an order of its own unless `order_id` names one."""
    order_id = changed.pop("order_id", None) or f"o{next(_numbers)}"
    words = {f"{name}_no": word(tx, changed.pop(name, None)) for name in ("series", "category", "size")}
    given: dict[str, Any] = {
        "customer_no": add_customer(tx, customer),
        **_known(paid_at),
        **_when(paid_at),
        "order_key": zlib.crc32(order_id.encode()),
        "order_id": order_id,
        "quantity": 1,
        "net_minor": 10_000,
        **words,
        **changed,
    }
    insert(tx, "record.paid_lines", **given)


def event(tx: Transaction, customer: str, kind: str, happened_at: datetime, amount: int | None = None) -> None:
    """A review, late parcel, inquiry, complaint or visit."""
    given = {"customer_no": add_customer(tx, customer), "kind": kind, "happened_at": happened_at, "amount": amount}
    insert(tx, "record.events", **_known(happened_at), **given, event_id=f"e{next(_numbers)}")


def refund(tx: Transaction, customer: str, happened_at: datetime, amount: int = 10_000) -> None:
    """A refund that succeeded."""
    given = {"customer_no": add_customer(tx, customer), "happened_at": happened_at, "amount_minor": amount}
    insert(tx, "record.refunds", **_known(happened_at), **given, refund_id=f"r{next(_numbers)}")


def member(tx: Transaction, customer: str, *, birthday: date | None = None, gender: str | None = None) -> None:
    """What the member list says."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    add_customer(tx, customer)
    given = {"customer_id": customer, "birthday": birthday, "gender": gender, "modified_at": long_ago}
    insert(tx, "contact.people", shop_id=SHOP, known_at=long_ago, **given)


def infer(
    tx: Transaction,
    name: str,
    *,
    as_of: datetime = AS_OF,
    since: datetime | str = "-infinity",
    rules: dict[str, Any] | None = None,
    scope: str = "all",
    config: Path = CONFIG_ROOT,
) -> dict[str, dict[str, Any]]:
    """Customer -> what the statement of a tag returns, by the repository's rules, some of them changed."""
    tag = next(tag for tag in load_tags(config).all_of(make_shop()) if tag.name == name)
    statement = tag.statement
    asked = statements.load(statement).params
    given: dict[str, object] = {
        **{what: f"scope/{scope}/{what}" for what in SCOPED},
        "features": "pg_temp.features",
        "shop_id": SHOP,
        "as_of": as_of,
        "since": since,
        "rules": Json({**tag.rules, **(rules or {})}),
    }
    if "features" in asked:
        tx.connection.exec_driver_sql("DROP TABLE IF EXISTS pg_temp.features")
        base = {key: given[key] for key in ("purchases", "price_differences", "refunds", "shop_id", "as_of", "since")}
        tx.do("features/make", made="record.made_features", **base)
        tx.connection.exec_driver_sql("CREATE TEMPORARY TABLE features AS SELECT * FROM record.made_features")
        tx.connection.exec_driver_sql("DROP TABLE record.made_features")
    found = tx.many(statement, **{key: value for key, value in given.items() if key in asked})
    names = rows(tx, "SELECT customer_no, customer_id FROM facts.customers")
    by_number = {row["customer_no"]: row["customer_id"] for row in names}
    assert len({row["customer_no"] for row in found}) == len(found), "one row a customer"
    return {by_number[row.pop("customer_no")]: row for row in found}


def values(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Customer -> value."""
    return {customer: row["value"] for customer, row in found.items()}
