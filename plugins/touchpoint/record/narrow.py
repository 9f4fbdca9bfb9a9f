"""Narrow facts: what the record is computed from, with every version that was ever known, and whom a refresh touches.

At the head the orders, refunds, events and parcels that came in are made anew from the facts and their histories, and
only what differs is written: the outcome is the same in any order of arrival, and a replay writes nothing. A shop's
first refresh, and the first after its zone or a statement changed, makes all of them. Who reads goes through a scope
(include/sql/scope), for which this fills the lists of customers and people.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import cache

from touchpoint import statements
from touchpoint.db import Transaction
from touchpoint.record.versions import (
    EVENTS,
    FACTS,
    GOODS,
    LINES,
    ORDERS,
    PRICE_DIFFERENCES,
    REFUNDS,
    Collecting,
)
from touchpoint.settings import Shop, content_hash


def collect(
    tx: Transaction,
    *,
    shop: Shop,
    as_of: datetime,
    batch_ids: list[int],
    windows: Collection[timedelta] = (),
) -> int:
    """Bring the narrow facts of a shop to what the facts say, and list whom that changes.

    Leaves `pg_temp.changed_customers(customer_no)`, unique and analysed, until the transaction ends: customers of
    versions written or removed, those to whom something happens in (last refresh, `as_of`], and those of whom something
    has left one of the windows since.

    Args:
        tx: the transaction that holds the shop's ingest lock, at the head, before the head is advanced.
        shop: the shop; days and hours are of its zone.
        as_of: the run's instant, aware; not before the last refresh.
        batch_ids: batches loaded since the last refresh; naming one again does no harm.
        windows: how far back features and tags look, where that is not for ever.

    Returns:
        Versions written or removed.
    """
    state = tx.one("narrow/state", shop_id=shop.id)
    made_from = _made_from()
    is_all = (state["zone"], state["made_from"]) != (shop.zone, made_from)
    work = Collecting(
        tx, shop.id, shop.zone, as_of, batch_ids, is_all, is_all or state["norms"] != state["first_norms"]
    )
    tx.do("narrow/forget")
    tx.do("narrow/list_changes")
    tx.do("narrow/list_product_changes")
    if is_all:
        tx.one("narrow/hold_words")  # before anything else is held: most first refreshes have new words
        _make_room(work, is_filled=bool(state["is_filled"]))
    if batch_ids or work.is_all_parcels:
        _collect_goods(work)
        _collect_orders(work)
        _collect_events(work)
        _collect_members(work)
    tx.count("narrow/take_come", shop_id=shop.id, as_of=as_of)
    _list_changed(work, as_of, windows)
    tx.count("narrow/mark_head", shop_id=shop.id, zone=shop.zone, made_from=made_from, norms=state["first_norms"])
    return work.written


@cache
def _made_from() -> str:
    return content_hash({name: statements.load(name).digest for name in statements.names("narrow")})


def everybody(tx: Transaction, shop_id: str) -> None:
    """Let the scopes of changed customers see every customer of a shop."""
    tx.do("narrow/forget_changed")
    tx.do("narrow/list_all_customers", shop_id=shop_id)
    _finish_list(tx)


def only(tx: Transaction, shop_id: str, customer_no: int) -> None:
    """Let the scopes of changed customers see one customer of a shop alone."""
    tx.do("narrow/forget_changed")
    tx.do("narrow/list_one_customer", shop_id=shop_id, customer_no=customer_no)
    _finish_list(tx)


def brand(tx: Transaction, shops: Iterable[Shop], as_of: datetime | str = "infinity") -> None:
    """Let the scopes of a brand see the customers of its shops, those of one identity as one person.

    Leaves `pg_temp.brand_people(shop_id, customer_no, person_no)`; a person's number is the lowest of their customers'.
    Who is one person is what was known at `as_of`: by default all merges there are. `brands.people` checks the shops.
    """
    tx.do("narrow/forget_brand")
    tx.do("narrow/list_brand", shop_ids=[shop.id for shop in shops], as_of=as_of)
    tx.do("narrow/index_brand")
    tx.do("narrow/analyse", made="pg_temp.brand_people")


def _make_room(work: Collecting, *, is_filled: bool) -> None:
    if not is_filled:
        return
    work.tx.count("narrow/forget_shop", fact="record.coming", shop_id=work.shop_id)
    for kind in (*FACTS, GOODS):
        work.written += work.tx.count("narrow/forget_shop", fact=kind.fact, shop_id=work.shop_id)


def _collect_goods(work: Collecting) -> None:
    if work.tx.count("narrow/list_products", **work.came_in()):
        _number(work.tx, GOODS.touched, "series", "category", "size")
        work.tx.do("narrow/make_good_pieces")
        work.write(GOODS, "pg_temp.good_pieces")


def _collect_orders(work: Collecting) -> None:
    tx, orders = work.tx, "narrow/orders_of_all"
    if not work.is_all:
        orders = "narrow/orders_of_touched"
        if not tx.count("narrow/list_orders", shop_id=work.shop_id, batch_ids=work.batch_ids):
            return
        tx.do("narrow/analyse", made=ORDERS.touched)
    tx.do("narrow/make_order_versions", orders=orders, shop_id=work.shop_id, zone=work.zone)
    tx.do("narrow/analyse", made="pg_temp.order_versions")
    _number(tx, "pg_temp.order_versions", "region", "device")
    tx.do("narrow/make_line_pieces", shop_id=work.shop_id)
    _number(tx, "pg_temp.line_pieces", "size")
    if tx.count("narrow/list_uneven"):
        tx.do("narrow/analyse", made="pg_temp.uneven_versions")
        tx.count("narrow/even_out")
    tx.do("narrow/analyse", made="pg_temp.line_pieces")
    tx.do("narrow/make_order_rows")
    work.write(ORDERS, "pg_temp.order_rows")
    tx.do("narrow/make_price_difference_rows")
    work.write(PRICE_DIFFERENCES, "pg_temp.price_difference_rows")
    tx.do("narrow/make_line_rows")
    work.write(LINES, "pg_temp.line_rows")


def _number(tx: Transaction, pieces: str, *words: str) -> None:
    """Give words of a list that have no number yet theirs; waits for a transaction that is numbering others."""
    for word in words:
        if tx.one("narrow/has_new_words", pieces=pieces, word=[word])["has_new"]:
            tx.one("narrow/hold_words")
            tx.count("narrow/add_words", pieces=pieces, word=[word])


def _collect_events(work: Collecting) -> None:
    """Refunds and events: both ask whose an order is."""
    tx, shop_id = work.tx, work.shop_id
    refunds = tx.count("narrow/list_refunds", **work.came_in())
    events = tx.count("narrow/list_events", **work.came_in())
    parcels = tx.count("narrow/list_parcels", **{**work.came_in(), "is_all": work.is_all_parcels})
    if refunds or events or parcels:
        tx.do("narrow/analyse", made=REFUNDS.touched)
        tx.do("narrow/analyse", made=EVENTS.touched)
        tx.do("narrow/make_owners", shop_id=shop_id)
        tx.do("narrow/analyse", made="pg_temp.owners")
    if refunds:
        tx.do("narrow/make_refund_pieces", shop_id=shop_id)
        work.write(REFUNDS, "pg_temp.refund_pieces")
    if events or parcels:
        tx.do("narrow/make_event_pieces", replaced="narrow/events_replaced", shop_id=shop_id)
        if parcels:
            _add_late_parcels(work)
        work.write(EVENTS, "pg_temp.event_pieces")


def _add_late_parcels(work: Collecting) -> None:
    tx, shop_id = work.tx, work.shop_id
    tx.do("narrow/analyse", made="pg_temp.touched_parcels")
    tx.count("narrow/touch_parcels")
    if tx.count("narrow/list_perhaps_late", shop_id=shop_id):
        tx.do("narrow/analyse", made="pg_temp.perhaps_late")
        tx.do("narrow/make_parcel_facts", shop_id=shop_id)
        tx.do("narrow/analyse", made="pg_temp.parcel_facts")
        tx.do("narrow/list_parcel_scans", shop_id=shop_id)
        tx.do("narrow/analyse", made="pg_temp.parcel_scans")
        tx.do("narrow/list_parcel_refunds", shop_id=shop_id)
        tx.do("narrow/analyse", made="pg_temp.parcel_refunds")
        tx.count("narrow/add_parcel_pieces", shop_id=shop_id)


def _collect_members(work: Collecting) -> None:
    """Members are read as they stand: only whom they change is noted, and when."""
    if not work.is_all:
        work.tx.count("narrow/add_members", shop_id=work.shop_id, batch_ids=work.batch_ids)
    work.tx.count("narrow/note_coming_members", as_of=work.as_of, **work.came_in())


def _list_changed(work: Collecting, as_of: datetime, windows: Collection[timedelta]) -> None:
    if work.is_all:
        work.tx.do("narrow/list_all_customers", shop_id=work.shop_id)
    else:
        work.tx.do("narrow/list_changed", shop_id=work.shop_id, as_of=as_of, windows=list(windows))
    _finish_list(work.tx)


def _finish_list(tx: Transaction) -> None:
    tx.do("narrow/index_changed")
    tx.do("narrow/analyse", made="pg_temp.changed_customers")
