"""Purchase histories of a shop as of an instant, by what was known then: what the models of dormancy learn from.

NumPy is heavy: import this where it is needed.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np

from touchpoint.db import Transaction
from touchpoint.learning.lifetime import Histories, Numbers
from touchpoint.learning.rhythm import Rhythm, median_gap
from touchpoint.settings import Shop

PURCHASES = "scope/all/purchases"
ALWAYS = "-infinity"


@dataclass(frozen=True)
class Known:
    """Customers with a paid order, guests left out; those of a shop with more than `sample` are picked by a hash.

    Attributes:
        numbers: customer numbers.
        histories: of each, in the same order, in days; an instant counts as the day of the shop it lies in.
        repeat_minor: what purchase days after the first brought, minor units.
        customers: how many the shop has, picked or not.
    """

    numbers: Numbers
    histories: Histories
    repeat_minor: Numbers
    customers: int

    @property
    def silence(self) -> Numbers:
        """Days since the last purchase day."""
        return self.histories.age - self.histories.span

    @property
    def digest(self) -> str:
        """SHA-256, hex, of all of it, whatever the order it was read in."""
        columns = (self.numbers, self.histories.repeats, self.histories.span, self.histories.age, self.repeat_minor)
        table = np.column_stack(columns)[np.argsort(self.numbers)]
        return hashlib.sha256(table.tobytes()).hexdigest()


def known(tx: Transaction, *, shop: Shop, as_of: datetime, sample: int) -> Known:
    """Histories as of an instant, from nothing that happened or became known later."""
    rows = tx.tuples(
        "segments/histories", purchases=PURCHASES, shop_id=shop.id, as_of=as_of, since=ALWAYS, sample=sample
    )
    table = np.array(rows, dtype=np.float64).reshape(-1, 6)
    numbers, days, first, last, repeat_minor, customers = table.T
    histories = Histories(days - 1, last - first, day_number(shop, as_of) - first, np.ones(len(table)))
    return Known(numbers, histories, repeat_minor, int(customers[0]) if len(table) else 0)


def buyers(tx: Transaction, *, shop: Shop, after: datetime, until: datetime, as_of: datetime) -> Numbers:
    """Numbers of the customers who paid an order in (after, until], by what is known as of an instant."""
    rows = tx.tuples("segments/buyers", purchases=PURCHASES, shop_id=shop.id, as_of=as_of, since=after, until=until)
    return np.array(rows, dtype=np.float64).reshape(-1)


def rhythm(tx: Transaction, *, shop: Shop, as_of: datetime) -> Rhythm | None:
    """The median gap of the shop as of an instant; None before anybody bought on two days."""
    return median_gap(
        tx.tuples(
            "segments/gaps",
            purchases=PURCHASES,
            shop_id=shop.id,
            as_of=as_of,
            since=ALWAYS,
            today=day_number(shop, as_of),
        )
    )


def last_paid_at(tx: Transaction, *, shop: Shop, as_of: datetime) -> datetime | None:
    """When the shop last sold anything, as of an instant; None before its first sale."""
    found: datetime | None = tx.one(
        "segments/last_paid", purchases=PURCHASES, shop_id=shop.id, as_of=as_of, since=ALWAYS
    )["paid_at"]
    return found


def day_number(shop: Shop, instant: datetime) -> int:
    """The day of the shop an instant lies in, in days since 1970-01-01."""
    return instant.astimezone(shop.tz).date().toordinal() - date(1970, 1, 1).toordinal()
