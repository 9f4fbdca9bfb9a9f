"""Narrow facts: what the record is computed from, with every version that was ever known, and whom a refresh touches.

At the head the orders, refunds, events and parcels that came in are made anew from the facts and their histories, and
only what differs is written: the outcome is the same in any order of arrival, and a replay writes nothing. A shop's
first refresh, and the first after its zone changed, makes all of them. Who reads goes through a scope
(include/sql/scope), for which this fills the lists of customers and people.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from touchpoint.db import Transaction
from touchpoint.settings import Shop


@dataclass(frozen=True)
class _Kind:
    """A narrow fact: its table, the list of what is touched of it, its key and the rest of its versions."""

    name: str
    touched: str
    keys: tuple[str, ...]
    rest: tuple[str, ...]
    who: str = "customer_no"
    changed: str = "pg_temp.changed_numbers"

    @property
    def fact(self) -> str:
        return f"record.{self.name}"

    @property
    def made(self) -> str:
        return f"pg_temp.made_{self.name}"

    @property
    def content(self) -> tuple[str, ...]:
        return (*self.keys, *self.rest)


_GOODS = _Kind(
    "goods",
    "pg_temp.touched_products",
    ("product_id",),
    ("listed_at", "series_no", "category_no", "size_no"),
    who="product_id",
    changed="pg_temp.changed_products",
)
_ORDERS = _Kind(
    "paid_orders",
    "pg_temp.touched_orders",
    ("order_key", "order_id"),
    (
        *("customer_no", "paid_at", "day", "net_minor", "items", "discount_minor", "coupon_minor", "region_no"),
        *("hour", "month_day"),
    ),
)
_LINES = _Kind(
    "paid_lines",
    "pg_temp.touched_orders",
    ("order_key", "order_id"),
    (
        *("customer_no", "paid_at", "day", "series_no", "category_no", "size_no", "quantity", "net_minor"),
        *("series_orders", "category_orders", "is_discounted", "is_new"),
    ),
)
_REFUNDS = _Kind("refunds", "pg_temp.touched_refunds", ("refund_id",), ("customer_no", "happened_at", "amount_minor"))
_EVENTS = _Kind(
    "events",
    "pg_temp.touched_events",
    ("event_id",),
    ("customer_no", "happened_at", "settled_at", "amount", "kind"),
)
_FACTS = (_ORDERS, _LINES, _REFUNDS, _EVENTS)


@dataclass
class _Collecting:
    """One collecting: what it takes in, and what it has written so far."""

    tx: Transaction
    shop_id: str
    zone: str
    batch_ids: list[int]
    is_all: bool
    is_all_parcels: bool
    written: int = 0
    last_at: datetime | None = None

    def reach(self, last_at: datetime | None) -> None:
        self.last_at = max((at for at in (self.last_at, last_at) if at is not None), default=None)

    def came_in(self) -> dict[str, object]:
        return {"shop_id": self.shop_id, "batch_ids": self.batch_ids, "is_all": self.is_all}


def collect(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    batch_ids: list[int],
    since_before: datetime | None = None,
    since_now: datetime | None = None,
) -> int:
    """Bring the narrow facts of a shop to what the facts say, and list whom that changes.

    Leaves `pg_temp.changed_customers(customer_no)`, unique and analysed, until the transaction ends: customers of
    versions written or removed, those to whom something happens in (last refresh, `as_of`], and those of whom something
    lies in (`since_before`, `since_now`], which a window from `since_now` on no longer sees.

    Args:
        tx: the transaction that holds the shop's ingest lock, at the head, before the head is advanced.
        shop: the shop; days and hours are of its zone.
        as_of: the run's instant, aware; not before the last refresh.
        batch_ids: batches loaded since the last refresh; naming one again does no harm.
        since_before: where the window of the last refresh began.
        since_now: where the window of this one begins.

    Returns:
        Versions written or removed.
    """
    state = tx.one("narrow/state", shop_id=shop.id)
    is_all = state["zone"] != shop.zone
    work = _Collecting(tx, shop.id, shop.zone, batch_ids, is_all, is_all or state["norms"] != state["first_norms"])
    tx.do("narrow/forget")
    tx.do("narrow/list_changes")
    tx.do("narrow/list_product_changes")
    if is_all:
        _make_room(work, is_filled=bool(state["is_filled"]))
    if batch_ids or work.is_all_parcels:
        _collect_goods(work)
        _collect_orders(work)
        _collect_events(work)
    if state["reaches_ahead"]:
        for kind in _FACTS:
            tx.count("narrow/add_reached", fact=kind.fact, shop_id=shop.id, as_of=as_of)
    _list_changed(work, as_of, since_before, since_now)
    tx.count("narrow/mark_head", shop_id=shop.id, zone=shop.zone, norms=state["first_norms"], last_at=work.last_at)
    return work.written


def everybody(tx: Transaction, shop_id: str) -> None:
    """Let the scopes of changed customers see every customer of a shop with anything in the narrow facts."""
    tx.do("narrow/forget_changed")
    tx.do("narrow/list_all_customers", shop_id=shop_id)
    _finish_list(tx)


def only(tx: Transaction, shop_id: str, customer_no: int) -> None:
    """Let the scopes of changed customers see one customer of a shop alone."""
    tx.do("narrow/forget_changed")
    tx.do("narrow/list_one_customer", shop_id=shop_id, customer_no=customer_no)
    _finish_list(tx)


def brand(tx: Transaction, shops: Iterable[Shop]) -> None:
    """Let the scopes of a brand see the customers of its shops, those of one identity as one person.

    Leaves `pg_temp.brand_people(shop_id, customer_no, person_no)`; a person's number is the lowest of their customers'.
    """
    tx.do("narrow/forget_brand")
    tx.do("narrow/list_brand", shop_ids=[shop.id for shop in shops])
    tx.do("narrow/index_brand")
    tx.do("narrow/analyse", made="pg_temp.brand_people")


def _make_room(work: _Collecting, *, is_filled: bool) -> None:
    if not is_filled:
        return
    work.tx.count("narrow/list_all_before", shop_id=work.shop_id)
    for kind in (*_FACTS, _GOODS):
        work.written += work.tx.count("narrow/forget_shop", fact=kind.fact, shop_id=work.shop_id)


def _collect_goods(work: _Collecting) -> None:
    work.tx.do("narrow/list_products", **work.came_in())
    for word in ("series", "category", "size"):
        work.tx.count("narrow/add_words", pieces="pg_temp.touched_products", word=[word])
    work.tx.do("narrow/make_good_pieces")
    _write(work, _GOODS, "pg_temp.good_pieces")


def _collect_orders(work: _Collecting) -> None:
    tx, orders = work.tx, "narrow/orders_of_all"
    if not work.is_all:
        orders = "narrow/orders_of_touched"
        tx.do("narrow/list_orders", shop_id=work.shop_id, batch_ids=work.batch_ids)
        tx.do("narrow/analyse", made="pg_temp.touched_orders")
    tx.do("narrow/make_order_versions", orders=orders, shop_id=work.shop_id, zone=work.zone)
    tx.do("narrow/analyse", made="pg_temp.order_versions")
    tx.count("narrow/add_words", pieces="pg_temp.order_versions", word=["region"])
    tx.do("narrow/make_line_pieces", shop_id=work.shop_id)
    tx.count("narrow/add_words", pieces="pg_temp.line_pieces", word=["size"])
    tx.do("narrow/list_uneven")
    tx.do("narrow/analyse", made="pg_temp.uneven_versions")
    tx.count("narrow/even_out")
    tx.do("narrow/analyse", made="pg_temp.line_pieces")
    tx.do("narrow/make_order_rows")
    tx.do("narrow/make_line_rows")
    _write(work, _ORDERS, "pg_temp.order_rows")
    _write(work, _LINES, "pg_temp.line_rows")


def _collect_events(work: _Collecting) -> None:
    """Events and, since both ask whose an order is, refunds."""
    tx, shop_id = work.tx, work.shop_id
    tx.do("narrow/list_refunds", **work.came_in())
    tx.do("narrow/analyse", made="pg_temp.touched_refunds")
    tx.do("narrow/list_events", **work.came_in())
    tx.do("narrow/analyse", made="pg_temp.touched_events")
    tx.do("narrow/make_owners", shop_id=shop_id)
    tx.do("narrow/analyse", made="pg_temp.owners")
    tx.do("narrow/make_refund_pieces", shop_id=shop_id)
    _write(work, _REFUNDS, "pg_temp.refund_pieces")
    tx.do("narrow/make_event_pieces", replaced="narrow/events_replaced", shop_id=shop_id)
    _collect_parcels(work)
    _write(work, _EVENTS, "pg_temp.event_pieces")


def _collect_parcels(work: _Collecting) -> None:
    tx, shop_id = work.tx, work.shop_id
    tx.do("narrow/list_parcels", **{**work.came_in(), "is_all": work.is_all_parcels})
    tx.do("narrow/analyse", made="pg_temp.touched_parcels")
    tx.count("narrow/touch_parcels")
    tx.do("narrow/list_perhaps_late", shop_id=shop_id)
    tx.do("narrow/analyse", made="pg_temp.perhaps_late")
    tx.do("narrow/make_parcel_facts", shop_id=shop_id)
    tx.do("narrow/analyse", made="pg_temp.parcel_facts")
    tx.count("narrow/add_parcel_pieces", shop_id=shop_id)


def _write(work: _Collecting, kind: _Kind, pieces: str) -> None:
    """Join the pieces to versions and write them: all into a fact without any, else what differs."""
    tx = work.tx
    joined: dict[str, object] = {"joined": "narrow/joined", "pieces": pieces, "content": kind.content}
    if work.is_all:
        aside = tx.many("load/lay_indexes_aside", fact=kind.fact)
        work.written += tx.count("narrow/fill", fact=kind.fact, shop_id=work.shop_id, **joined)
        for index in aside:
            tx.do("load/put_index_back", definition=index["definition"])
        tx.do("narrow/analyse", made=kind.fact)
        work.reach(tx.one("narrow/last_of_shop", fact=kind.fact, shop_id=work.shop_id)["last_at"])
        return
    tx.do("narrow/make_versions", made=kind.made, **joined)
    tx.do("narrow/analyse", made=kind.made)
    both: dict[str, object] = {
        "fact": kind.fact,
        "made": kind.made,
        "changed": kind.changed,
        "keys": kind.keys,
        "content": kind.content,
        "who": [kind.who],
        "shop_id": work.shop_id,
    }
    work.written += tx.count("narrow/remove_gone", touched=kind.touched, **both)
    work.written += tx.count("narrow/add_new", **both)
    work.reach(tx.one("narrow/last_of_made", made=kind.made)["last_at"])


def _list_changed(
    work: _Collecting, as_of: datetime, since_before: datetime | None, since_now: datetime | None
) -> None:
    if work.is_all:
        work.tx.do("narrow/list_all_customers", shop_id=work.shop_id)
        work.tx.count("narrow/add_before")
    else:
        work.tx.do(
            "narrow/list_changed",
            shop_id=work.shop_id,
            as_of=as_of,
            since_before=since_before,
            since_now=since_now,
        )
    _finish_list(work.tx)


def _finish_list(tx: Transaction) -> None:
    tx.do("narrow/index_changed")
    tx.do("narrow/analyse", made="pg_temp.changed_customers")
