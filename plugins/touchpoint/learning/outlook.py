"""What is to be expected of each customer: are they one still, will they buy, how often, and for how much.

By BG/NBD and gamma-gamma as they were learned (docs/lifetime.md). The clock alone changes all of it, so it is told when
it is asked for and not stored. Read in slices: a shop of any size takes little memory.

NumPy and SciPy are heavy, and imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from touchpoint.db import Json, Row, Transaction
from touchpoint.learning.dormancy import DAY, LIFETIME
from touchpoint.learning.kept import Lessons
from touchpoint.money import EXPONENTS
from touchpoint.settings import Dormancy, Shop

SLICE = 20_000


@dataclass(frozen=True)
class Outlook:
    """What is to be expected of a customer.

    Attributes:
        customer_no, shop_id, customer_id: who; of a brand, the first customer of theirs that was known.
        repeats, span, age: purchase days after the first; days from the first to the last, and to now.
        alive: the chance that they are a customer still; 1 of one-time buyers, by the model.
        buys: the chance that they buy within the horizon.
        orders: purchase days expected within the horizon.
        purchase: what one of them is worth in the long run, major units; None: no gamma-gamma model.
        value: both multiplied; None likewise.
    """

    customer_no: int
    shop_id: str
    customer_id: str
    repeats: int
    span: int
    age: int
    alive: float
    buys: float
    orders: float
    purchase: Decimal | None
    value: Decimal | None


@dataclass(frozen=True)
class _Asked:
    """Of whose customers, and by what was learned of one shop."""

    tx: Transaction
    shop: Shop
    as_of: datetime
    dormancy: Dormancy
    body: dict[str, Any]
    scope: str
    others: Sequence[Shop]

    @property
    def today(self) -> int:
        """The day it is; of a brand, where it is latest: nobody bought later than today."""
        from touchpoint.learning import histories

        return max(histories.day_number(each, self.as_of) for each in (self.shop, *self.others))


def outlooks(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    dormancy: Dormancy,
    scope: str = "all",
    others: Sequence[Shop] = (),
) -> Iterator[Outlook] | None:
    """Of every customer with a paid order, guests left out, by number; None: nothing was learned before.

    Args:
        tx: an open transaction.
        shop: the shop; of a brand, the one by whose lessons all its people are looked at.
        as_of: the instant looked from, aware.
        dormancy: says how far ahead.
        scope: `all` customers of the shop, or the people of a `brand`, whom the transaction has listed.
        others: the other shops of the brand.
    """
    found = Lessons(tx, shop.id, as_of).version(LIFETIME)
    return _of_all(_Asked(tx, shop, as_of, dormancy, found.body, scope, others)) if found else None


def outlook(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    dormancy: Dormancy,
    customer_no: int,
    scope: str = "all",
    others: Sequence[Shop] = (),
) -> Outlook | None:
    """Of one customer, or person of a brand; None: nothing was learned before, or they have not paid yet."""
    found = Lessons(tx, shop.id, as_of).version(LIFETIME)
    if found is None:
        return None
    asked = _Asked(tx, shop, as_of, dormancy, found.body, scope, others)
    rows = _slice(asked, after=customer_no - 1, number=1)
    return rows[0] if rows and rows[0].customer_no == customer_no else None


def _of_all(asked: _Asked) -> Iterator[Outlook]:
    after = -1
    while rows := _slice(asked, after=after, number=SLICE):
        yield from rows
        after = rows[-1].customer_no


def _slice(asked: _Asked, *, after: int, number: int) -> list[Outlook]:
    from touchpoint.learning import histories

    days = asked.dormancy.horizon.total_seconds() / DAY
    rows = asked.tx.many(
        "segments/outlook",
        purchases=f"scope/{asked.scope}/purchases",
        shop_id=asked.shop.id,
        as_of=asked.as_of,
        since=histories.ALWAYS,
        today=asked.today,
        after=after,
        number=number,
        lifetime=Json(asked.body),
        days=days,
    )
    orders, purchases = _expected(rows, asked.body, days)
    exponent = EXPONENTS.get(asked.shop.currency, 2)
    worths = [None if minor is None else Decimal(round(minor)).scaleb(-exponent) for minor in purchases]
    told = ("customer_no", "shop_id", "customer_id", "repeats", "span", "age", "alive", "buys")
    return [
        Outlook(
            **{name: row[name] for name in told},
            orders=expected,
            purchase=worth,
            value=None if worth is None else round(worth * Decimal(expected), exponent),
        )
        for row, expected, worth in zip(rows, orders, worths, strict=True)
    ]


def _expected(rows: list[Row], body: dict[str, Any], days: float) -> tuple[list[float], list[float | None]]:
    """Purchase days within so many days, and what one is worth in the long run, minor units."""
    import numpy as np

    from touchpoint.learning import lifetime
    from touchpoint.learning.spend import Spend

    model = lifetime.Lifetime(*(body[name] for name in lifetime.PARAMETERS))
    known = lifetime.Histories.of((row["repeats"], row["span"], row["age"], 1) for row in rows)
    orders: list[float] = model.expected(known, days).tolist()
    if not body.get("spend"):
        return orders, [None] * len(rows)
    # Who sent more back than they bought says nothing of what they spend.
    minor = np.array([max(0, row["repeat_minor"]) for row in rows], dtype=np.float64)
    seen = np.where(minor > 0, known.repeats, 0)
    spend = Spend(*(body["spend"][name] for name in ("p", "q", "v")))
    return orders, spend.expected(seen, minor / np.maximum(seen, 1)).tolist()
