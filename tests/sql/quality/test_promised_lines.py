"""What an export promises of its lines is held against them; what merely contradicts another fact is told of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sql.facts.builders import AS_OF, land, load_pending, order, shop

from touchpoint.db import Database, Transaction
from touchpoint.facts import landing
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity
from touchpoint.quality import gate, quarantine

LATER = AS_OF + timedelta(days=1)


def line(digest: str | None = None, **changes: str | None) -> dict[str, str | None]:
    """A line of an export without line numbers: its key is its content."""
    row = {"order_id": "o1", "quantity": "1", "price": "2.00", "net": "2.00", "line_digest": digest}
    return {**row, "line_id": digest, **changes}


def refund(digest: str, **changes: str | None) -> dict[str, str | None]:
    row = {"refund_id": digest, "amount": "2.00", "happened_at": "2026-11-20T10:00:00Z", "line_digest": digest}
    return {**row, **changes}


def take(tx: Transaction, rows: dict[Entity, list[dict[str, str | None]]], as_of: Any = AS_OF) -> dict[str, Counts]:
    land(tx, rows, as_of=as_of)
    entities = {batch.batch_id: batch.entity.value for batch in landing.pending(tx, "shop")}
    return {entities[batch]: counts for batch, counts in load_pending(tx, as_of=as_of).items() if counts.landed}


def reasons(tx: Transaction) -> list[tuple[Any, ...]]:
    text = "SELECT entity, line_no, reasons FROM landing.quarantine ORDER BY quarantine_id"
    return [tuple(row) for row in tx.connection.exec_driver_sql(text)]


def test_of_an_exact_repeat_the_first_line_is_loaded_and_the_others_quarantined(tx: Transaction) -> None:
    rows = [line("a"), line("b"), line("a"), line("a")]
    assert take(tx, {Entity.ORDER_LINE: rows}) == {"order_line": Counts(4, 2, 0, 0, 2)}
    assert sorted(reasons(tx)) == [("order_line", 3, ["duplicate"]), ("order_line", 4, ["duplicate"])]


def test_a_refund_is_judged_within_the_refunds(tx: Transaction) -> None:
    counts = take(tx, {Entity.ORDER_LINE: [line("a")], Entity.REFUND: [refund("a"), refund("b"), refund("b")]})
    assert counts == {"order_line": Counts(1, 1, 0, 0, 0), "refund": Counts(3, 2, 0, 0, 1)}


def test_a_shop_that_promises_nothing_may_sell_the_same_thing_twice_and_give_one_away(tx: Transaction) -> None:
    rows = [line(line_id="1"), line(line_id="2"), line(line_id="3", price="0", net="0")]
    assert take(tx, {Entity.ORDER_LINE: rows}) == {"order_line": Counts(3, 3, 0, 0, 0)}


@pytest.mark.parametrize(("price", "refused"), [("0", True), ("-1.5", True), ("0.001", False), ("2", False)])
def test_a_promised_price_is_above_nothing(tx: Transaction, price: str, refused: bool) -> None:
    take(tx, {Entity.ORDER_LINE: [line("a", price=price, priced="true")]})
    found = [reason for *_, given in reasons(tx) for reason in given]
    assert ("price_not_positive" in found) == refused


def test_a_line_that_breaks_both_promises_is_quarantined_once_with_both(tx: Transaction) -> None:
    rows = [line("a", price="0", net="0", priced="true"), line("a", price="0", net="0", priced="true")]
    assert take(tx, {Entity.ORDER_LINE: rows}) == {"order_line": Counts(2, 0, 0, 0, 2)}
    assert sorted(reasons(tx)) == [
        ("order_line", 1, ["price_not_positive"]),
        ("order_line", 2, ["duplicate", "price_not_positive"]),
    ]


def test_the_same_export_again_is_unchanged_and_its_repeats_are_still_repeats(tx: Transaction) -> None:
    rows = [line("a"), line("b"), line("a")]
    take(tx, {Entity.ORDER_LINE: rows})
    assert take(tx, {Entity.ORDER_LINE: rows}, as_of=LATER) == {"order_line": Counts(3, 0, 2, 0, 1)}


def test_a_repeat_driven_again_changes_nothing(tx: Transaction) -> None:
    take(tx, {Entity.ORDER_LINE: [line("a"), line("a"), line("a")]})
    (batch,) = quarantine.retry(tx, shop(), entity="order_line", as_of=LATER)
    assert load_pending(tx, as_of=LATER) == {batch: Counts(2, 0, 1, 0, 1)}
    assert tx.connection.exec_driver_sql("SELECT count(*) FROM facts.order_lines").scalar() == 1


def test_a_line_is_judged_by_its_promise_also_when_it_is_driven_again(tx: Transaction) -> None:
    take(tx, {Entity.ORDER_LINE: [line("a", price="0", net="0", priced="true")]})
    (batch,) = quarantine.retry(tx, shop(), as_of=LATER)
    assert load_pending(tx, as_of=LATER) == {batch: Counts(1, 0, 0, 0, 1)}
    assert quarantine.show(tx, quarantine.list_open(tx, "shop")[0]["quarantine_id"])["payload"]["price"] == "0"


def test_what_became_of_products_and_reviews_is_forgotten_too(tx: Transaction) -> None:
    product = {"product_id": "x", "price": "1"}
    review = {"order_id": "o", "review_id": "v", "score": "9"}
    land(tx, {Entity.PRODUCT: [product]}, entity=Entity.PRODUCT)
    land(tx, {Entity.REVIEW: [review, {**review, "review_id": "w", "score": "1"}]}, entity=Entity.REVIEW)
    load_pending(tx)
    tx.connection.exec_driver_sql("UPDATE landing.batch SET landed_at = landed_at - interval '31 days'")
    tx.connection.exec_driver_sql("UPDATE landing.quarantine SET quarantined_at = now() - interval '31 days'")
    before = tx.connection.exec_driver_sql("SELECT now() - interval '30 days'").scalar()
    gone = {
        entity.value: tx.count("load/forget_landed", before=before, relation=landing.relation_of(entity))
        for entity in landing.MERGE_ORDER
    }
    assert {entity: lines for entity, lines in gone.items() if lines} == {"product": 1, "review": 1}
    assert tx.count("load/forget_quarantined", before=before) == 1
    assert quarantine.retry(tx, shop(), as_of=LATER) == []


def told(database: Database) -> dict[str, tuple[str, int]]:
    with database.transaction() as tx:
        batches = landing.pending(tx, "shop")
    found = gate.judge(database.url, "shop", batches, AS_OF)
    return {f.rule: (f.severity, f.failing) for f in found if not f.success}


@pytest.mark.parametrize("loaded_first", [True, False])
def test_parcels_before_their_payment_and_deliveries_before_their_parcel_are_told_of_and_load(
    database: Database, loaded_first: bool
) -> None:
    paid = {"paid_at": "2026-11-20T09:30:00+08:00", "payment_state": "paid"}
    orders = [order("o1", **paid), order("o2", kind="cash_on_delivery", **paid), order("o3"), order("o4", paid_at="x")]
    early = "2026-11-20T09:10:00+08:00"
    parcels = [
        {"shipment_id": f"p{at}", "order_id": f"o{at}", "shipped_at": early if at < 5 else "x"} for at in range(1, 6)
    ]
    states = (("p1", "delivered", "2026-11-20T09:00:00+08:00"), ("p2", "in_transit", "2026-11-20T09:00:00+08:00"))
    scans = [{"shipment_id": key, "state": state, "happened_at": at} for key, state, at in states]
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: orders})
        if loaded_first:
            load_pending(tx)
        land(tx, {Entity.SHIPMENT: parcels, Entity.TRACKING_EVENT: scans}, entity=Entity.SHIPMENT)
    findings = told(database)
    assert findings["shipped_before_paid"] == ("warning", 1)
    assert findings["delivered_before_shipped"] == ("warning", 1)
    with database.transaction() as tx:
        load_pending(tx)
        counts = "SELECT (SELECT count(*) FROM facts.shipments), (SELECT count(*) FROM facts.tracking_events)"
        assert tx.connection.exec_driver_sql(counts).one() == (4, 2)
    assert "shipped_before_paid" not in told(database)
