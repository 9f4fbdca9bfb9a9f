"""The stored parcels are what the facts say, at whatever heads they were brought along by."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.audiences.parcels import add_parcel, add_refund, add_scan, at, refresh
from tests.sql.decide.building import AS_OF, SHOP, rows, undone

from touchpoint.db import Database, Transaction

STATES = ["picked_up", "in_transit", "delivered", "exception", "refused", "ready_for_pickup", "label_created"]
HEADS = (0, 12, 30, 31, 60)
"""Hours after the audience's instant at which the record is refreshed."""
FACTS = """
    SELECT shipment_id, order_id, customer_no, customer_id, identity, shipped_at, promised_at, first_scan_at, moved_at,
        moved_state, problem_at, problem_state, problem_known_at, turned_back_at, turned_back_known_at,
        turned_back_state,
        has_refund_asked
"""


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    server.create_database("test_record_parcels", template="template_touchpoint")
    database = Database(server.url("test_record_parcels"))
    yield database
    database.close()


event = st.tuples(st.sampled_from(STATES), st.integers(-48, 70), st.integers(0, 70))
parcel = st.tuples(
    st.integers(-72, 60),
    st.lists(event, max_size=5),
    st.none() | st.tuples(st.sampled_from(["asked", "succeeded"]), st.integers(-24, 60)),
    st.none() | st.tuples(st.sampled_from(["closed", "finished"]), st.integers(-24, 60)),
)


def in_facts(tx: Transaction, as_of: Any) -> list[dict[str, Any]]:
    query = f"{FACTS} FROM facts.open_parcels_as_of(%(shop)s, %(at)s) ORDER BY shipment_id"
    return rows(tx, query, shop=SHOP, at=as_of)


def stored(tx: Transaction) -> list[dict[str, Any]]:
    return rows(tx, f"{FACTS} FROM record.parcels WHERE is_open ORDER BY shipment_id")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(made=st.lists(parcel, min_size=1, max_size=6), is_history=st.booleans())
def test_stored_parcels_are_those_of_the_facts_at_every_head(
    shared: Database, made: list[Any], is_history: bool
) -> None:
    """History: all rows are there before the first head, known since they happened. Else each comes when known."""
    with undone(shared) as tx:
        for number, (shipped, scans, refund, end) in enumerate(made):
            told: dict[str, Any] = {"id": f"P{number}", "buyer": f"b{number}", "shipped": AS_OF + hours(shipped)}
            if end and is_history:  # of an order that came live, a later end is a later version
                told[end[0]] = AS_OF + hours(end[1])
            add_parcel(tx, told)
            for state, happened, late in scans:
                known = happened if is_history else max(happened, happened + late)
                add_scan(tx, f"P{number}", state, AS_OF + hours(happened), known=AS_OF + hours(known))
            if refund:
                add_refund(tx, f"o-P{number}", refund[0], AS_OF + hours(refund[1]))  # type: ignore[arg-type]
        into_batches(tx, is_history)
        for number, head in enumerate(HEADS):
            refresh(tx, AS_OF + hours(head), batch_ids=(100 + number,))
            assert stored(tx) == in_facts(tx, AS_OF + hours(head))


def into_batches(tx: Transaction, is_history: bool) -> None:
    """Every row into the batch of the head by which it is known; of history all into the first."""
    for table in ("shipments", "tracking_events", "refunds", "orders"):
        for number, head in reversed(list(enumerate(HEADS))):
            tx.connection.exec_driver_sql(
                f"UPDATE facts.{table} SET batch_id = %(batch)s WHERE %(all)s OR known_at <= %(head)s",
                {"batch": 100 + (0 if is_history else number), "head": AS_OF + hours(head), "all": is_history},
            )


def hours(number: int) -> timedelta:
    return timedelta(hours=number)


def test_an_order_that_changes_hands_takes_its_parcel_along(tx: Transaction) -> None:
    add_parcel(tx, {"id": "P", "scans": [["picked_up", "-4d"]]})
    add_parcel(tx, {"id": "Q", "buyer": "c", "scans": [["picked_up", "-4d"]]})
    refresh(tx, AS_OF)
    tx.connection.exec_driver_sql(
        "UPDATE facts.orders SET batch_id = 2, customer_no = (SELECT customer_no FROM facts.customers"
        " WHERE customer_id = 'c') WHERE order_id = 'o-P'"
    )
    refresh(tx, at("5m"), batch_ids=(2,))
    assert len({row["customer_no"] for row in stored(tx)}) == 1


def test_a_parcel_clicked_before_the_horizon_is_not_kept(tx: Transaction) -> None:
    add_parcel(tx, {"id": "P", "shipped": "-119d", "scans": [["picked_up", "-119d"]]})
    add_parcel(tx, {"id": "Q", "shipped": "-121d", "scans": [["picked_up", "-121d"]]})
    refresh(tx, AS_OF)
    assert [row["shipment_id"] for row in stored(tx)] == ["P"]
    asked = "SELECT shipment_id FROM record.parcels_as_of(%(shop)s, %(at)s)"
    assert rows(tx, asked, shop=SHOP, at=AS_OF) == rows(tx, asked, shop=SHOP, at=AS_OF - hours(1))
    refresh(tx, AS_OF + timedelta(days=2), batch_ids=())
    assert stored(tx) == []
