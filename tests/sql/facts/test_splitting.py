"""The last net: a line that the database refuses stands alone in quarantine, and costs no other line."""

from __future__ import annotations

import random
from typing import Any

import pytest
from tests.sql.facts.builders import AS_OF, KEY, batch_of, land, member, order, shop

from touchpoint.db import Database, Transaction, naming_place
from touchpoint.errors import TouchpointError
from touchpoint.facts import landing, merge
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity
from touchpoint.quality import gate

WIDE = "".join(random.Random(1).choices([chr(code) for code in range(0x4E00, 0x9FA5)], k=1500))


def load_unjudged(tx: Transaction, entity: Entity) -> Counts:
    """As if the gate knew no rule."""
    (batch,) = [batch for batch in landing.pending(tx, "shop") if batch.entity is entity]
    return merge.load(tx, shop=shop(), batch=batch, as_of=AS_OF, key=KEY)


def quarantined(tx: Transaction) -> list[tuple[Any, ...]]:
    text = "SELECT line_no, reasons, columns_by_reason FROM landing.quarantine ORDER BY line_no"
    return [tuple(row) for row in tx.connection.exec_driver_sql(text)]


def count(tx: Transaction, relation: str) -> int:
    return int(tx.connection.exec_driver_sql(f"SELECT count(*) FROM {relation}").scalar() or 0)


def test_of_a_thousand_orders_the_database_refuses_three_and_the_others_load(tx: Transaction) -> None:
    rows = [order(f"o{at}", customer_id=f"c{at % 7}") for at in range(1000)]
    for at in (0, 500, 999):
        rows[at] |= {"total": "9" * 40}
    land(tx, {Entity.ORDER: rows})
    assert load_unjudged(tx, Entity.ORDER) == Counts(1000, 997, 0, 0, 3)
    assert [(line, reasons) for line, reasons, _ in quarantined(tx)] == [(at, ["unloadable"]) for at in (1, 501, 1000)]
    assert (count(tx, "facts.orders"), count(tx, 'landing."order"')) == (997, 997)


def test_the_column_is_named_where_the_database_names_what_it_refused(tx: Transaction) -> None:
    rows = [{"product_id": name, "currency": "CNY"} for name in ("p1", WIDE, "p2")]
    land(tx, {Entity.PRODUCT: rows}, entity=Entity.PRODUCT)
    assert load_unjudged(tx, Entity.PRODUCT) == Counts(3, 2, 0, 0, 1)
    assert quarantined(tx) == [(2, ["unloadable"], {"unloadable": ["product_id"]})]


def test_versions_in_the_parts_of_a_split_batch_end_as_they_would_in_one(tx: Transaction) -> None:
    newer = order("a", total="2", modified_at="2026-11-20T09:30:00+08:00")
    land(tx, {Entity.ORDER: [newer, order("bad", total="9" * 40), order("a", total="1"), order("b")]})
    counts = load_unjudged(tx, Entity.ORDER)
    assert (counts.landed, counts.quarantined, counts.superseded) == (4, 1, 1)
    totals = "SELECT order_id, total_minor FROM facts.orders ORDER BY order_id"
    assert [tuple(row) for row in tx.connection.exec_driver_sql(totals)] == [("a", 200), ("b", 12990)]


def test_a_carriage_return_in_an_id_or_a_consents_method_is_copied_as_it_is(tx: Transaction) -> None:
    rows = [member("a\rb", phone="13800000001"), member("c", phone="13800000002", sms_promotional_method="at\rtill")]
    land(tx, {Entity.MEMBER: rows}, entity=Entity.MEMBER)
    assert load_unjudged(tx, Entity.MEMBER) == Counts(2, 2, 0, 0, 0)
    ids = tx.connection.exec_driver_sql("SELECT customer_id FROM facts.customers ORDER BY 1")
    assert [row[0] for row in ids] == ["a\rb", "c"]
    methods = tx.connection.exec_driver_sql("SELECT method FROM contact.consents ORDER BY 1")
    assert [row[0] for row in methods] == ["at\rtill", "checkout"]


def test_what_is_not_about_rows_stops_the_load_and_names_the_batch(database: Database) -> None:
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [order("a"), order("b")]})
        batch = batch_of(tx)
        tx.connection.exec_driver_sql("ALTER TABLE facts.orders RENAME COLUMN device TO gadget")
    place = f"batch {batch.batch_id}"
    with pytest.raises(TouchpointError, match=f"{place}.*migrated"), database.transaction() as tx, naming_place(place):
        merge.load(tx, shop=shop(), batch=batch, as_of=AS_OF, key=KEY)
    with database.transaction() as tx:
        assert quarantined(tx) == []
        assert [pending.batch_id for pending in landing.pending(tx, "shop")][:1] == [batch.batch_id]


def test_a_gate_that_crashes_names_the_batch(database: Database) -> None:
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [order("a")]})
        batch = batch_of(tx)
        tx.connection.exec_driver_sql("DROP FUNCTION landing.has_odd_characters")
    with pytest.raises(TouchpointError, match=f"batch {batch.batch_id} \\(order\\)"):
        gate.judge(database.url, "shop", [batch], AS_OF)
