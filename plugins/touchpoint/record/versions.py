"""The narrow facts by name, and how the versions made of one are written: all of them into an empty one, else what
differs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from touchpoint.db import Transaction


@dataclass(frozen=True)
class Kind:
    """A narrow fact.

    Attributes:
        name: its table below record.
        touched: the list of what is touched of it.
        keys: what a version is of.
        rest: what else it says.
        by: what a first filling is laid down by: as it is read, so that what is read together lies together, also
            before a vacuum lets the covering index alone be read (of 10M orders: minutes instead of an hour).
        who, changed: whom it is about, and the list of those whose versions changed.
    """

    name: str
    touched: str
    keys: tuple[str, ...]
    rest: tuple[str, ...]
    by: tuple[str, ...]
    who: str = "customer_no"
    changed: str = "pg_temp.changed_numbers"

    @property
    def fact(self) -> str:
        """Its relation."""
        return f"record.{self.name}"

    @property
    def made(self) -> str:
        """The relation of the versions made of what is touched."""
        return f"pg_temp.made_{self.name}"

    @property
    def content(self) -> tuple[str, ...]:
        """All columns of a version but shop and time."""
        return (*self.keys, *self.rest)


GOODS = Kind(
    "goods",
    "pg_temp.touched_products",
    ("product_id",),
    ("listed_at", "series_no", "category_no", "size_no"),
    ("product_id",),
    who="product_id",
    changed="pg_temp.changed_products",
)
ORDERS = Kind(
    "paid_orders",
    "pg_temp.touched_orders",
    ("order_key", "order_id"),
    (
        *("customer_no", "paid_at", "day", "net_minor", "items", "discount_minor", "coupon_minor", "region_no"),
        *("device_no", "hour", "month_day"),
    ),
    ("customer_no", "day"),
)
LINES = Kind(
    "paid_lines",
    "pg_temp.touched_orders",
    ("order_key", "order_id"),
    (
        *("customer_no", "paid_at", "day", "series_no", "category_no", "size_no", "quantity", "net_minor"),
        *("is_discounted", "is_new"),
    ),
    ("customer_no", "series_no", "category_no"),
)
PRICE_DIFFERENCES = Kind(
    "price_differences",
    "pg_temp.touched_orders",
    ("order_key", "order_id"),
    ("customer_no", "paid_at", "net_minor"),
    ("customer_no", "paid_at"),
)
REFUNDS = Kind(
    "refunds",
    "pg_temp.touched_refunds",
    ("refund_id",),
    ("customer_no", "happened_at", "amount_minor"),
    ("customer_no", "happened_at"),
)
EVENTS = Kind(
    "events",
    "pg_temp.touched_events",
    ("event_id",),
    ("customer_no", "happened_at", "settled_at", "amount", "kind"),
    ("customer_no", "kind", "happened_at"),
)
FACTS = (ORDERS, LINES, PRICE_DIFFERENCES, REFUNDS, EVENTS)


@dataclass
class Collecting:
    """One collecting: what it takes in, and what it has written so far.

    Attributes:
        is_all: everything is made anew, and the shop's narrow facts are empty.
        is_all_parcels: every parcel is looked at anew.
        written: versions written or removed.
    """

    tx: Transaction
    shop_id: str
    zone: str
    as_of: datetime
    batch_ids: list[int]
    is_all: bool
    is_all_parcels: bool
    written: int = 0

    def came_in(self) -> dict[str, object]:
        """What a statement lists by what came in."""
        return {"shop_id": self.shop_id, "batch_ids": self.batch_ids, "is_all": self.is_all}

    def write(self, kind: Kind, pieces: str) -> None:
        """Join the pieces of a list to versions, and write them."""
        joined: dict[str, object] = {"joined": "narrow/joined", "pieces": pieces, "content": kind.content}
        if self.is_all:
            self._fill(kind, joined)
        else:
            self._write_difference(kind, joined)

    def _fill(self, kind: Kind, joined: dict[str, object]) -> None:
        tx = self.tx
        aside = tx.many("load/lay_indexes_aside", fact=kind.fact)
        self.written += tx.count("narrow/fill", fact=kind.fact, by=kind.by, shop_id=self.shop_id, **joined)
        for index in aside:
            tx.do("load/put_index_back", definition=index["definition"])
        tx.do("narrow/analyse", made=kind.fact)
        if kind is not GOODS:
            tx.count("narrow/note_coming_of_shop", fact=kind.fact, shop_id=self.shop_id, as_of=self.as_of)

    def _write_difference(self, kind: Kind, joined: dict[str, object]) -> None:
        tx = self.tx
        tx.do("narrow/make_versions", made=kind.made, **joined)
        tx.do("narrow/index_versions", made=kind.made, keys=kind.keys)
        tx.do("narrow/analyse", made=kind.made)
        both: dict[str, object] = {
            "fact": kind.fact,
            "made": kind.made,
            "changed": kind.changed,
            "keys": kind.keys,
            "content": kind.content,
            "who": [kind.who],
            "shop_id": self.shop_id,
        }
        self.written += tx.count("narrow/remove_gone", touched=kind.touched, **both)
        self.written += tx.count("narrow/add_new", **both)
        if kind is not GOODS:
            tx.count("narrow/note_coming", versions=kind.made, shop_id=self.shop_id, as_of=self.as_of)
