"""Tags of a real shop, told again from its orders in plain Python."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from touchpoint.clock import real_now
from touchpoint.db import Database, Row
from touchpoint.record.heads import heads
from touchpoint.record.segments import everybody
from touchpoint.settings import load_segments, load_shop, load_tags

WEEKDAYS = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ORDERS = (
    "SELECT orders.customer_no, orders.paid_at, orders.region FROM facts.orders INNER JOIN facts.customers"
    " USING (customer_no) WHERE paid_at IS NOT NULL AND NOT is_guest"
)
Word = Callable[[datetime, str | None], str | None]


def weekday(paid_at: datetime, _: str | None) -> str:
    return WEEKDAYS[paid_at.weekday()]


def part_of_day(paid_at: datetime, _: str | None) -> str:
    begins = {6: "morning", 11: "noon", 14: "afternoon", 18: "evening", 23: "night"}
    return begins[max((hour for hour in begins if hour <= paid_at.hour), default=23)]


def region(_: datetime, where: str | None) -> str | None:
    return where


def recount(orders: Iterable[tuple[int, datetime, str | None]], zone: str, word: Word, minimum: int) -> Counter[str]:
    """Customers by the word that more than half of their orders have, of so many at least."""
    said: dict[int, list[str]] = defaultdict(list)
    for customer, paid_at, where in orders:
        found = word(paid_at.astimezone(ZoneInfo(zone)), where)
        if found is not None:
            said[customer].append(found)
    leaders: Counter[str] = Counter()
    for words in said.values():
        leader, times = Counter(words).most_common(1)[0]
        if len(words) >= minimum and times * 2 > len(words):
            leaders[leader] += 1
    return leaders


def told(database: Database, shop_id: str) -> dict[str, list[Row]]:
    """Tag -> its lines of `touchpoint tags show`, as of now."""
    shop, tags, now = load_shop(shop_id), load_tags(), real_now()
    found: dict[str, list[Row]] = defaultdict(list)
    with (
        database.transaction() as tx,
        everybody(tx, shop=shop, as_of=now, segments=load_segments(), tags=tags) as made,
    ):
        for row in heads(tx, shop=shop, as_of=now, tags=tags, inferred=made.tags):
            found[row["tag"]].append(row)
    return found


def counted(rows: Iterable[Any]) -> dict[str, int]:
    """Value -> customers."""
    return {row["value"]: row["customers"] for row in rows}
