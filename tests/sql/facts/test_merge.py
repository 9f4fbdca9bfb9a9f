"""Whatever arrives, in whatever order and however often: the current facts are the same, and no line is lost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.facts.builders import AS_OF, land, load, load_pending, order, shop

from touchpoint.db import Database, Transaction
from touchpoint.errors import NotAtHead
from touchpoint.facts import head, landing, merge
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity

LATER = AS_OF + timedelta(minutes=5)
CONTENT = "order_id, source, payment_state, paid_at, total_minor, paid_minor, currency, item_count, modified_at"


def rows(tx: Transaction, text: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in tx.connection.exec_driver_sql(text)]


def orders(tx: Transaction) -> list[tuple[Any, ...]]:
    return rows(tx, f"SELECT {CONTENT} FROM facts.orders ORDER BY order_id")


def version(number: int, order_id: str = "o1", **changes: str | None) -> dict[str, str | None]:
    """The content of a version follows from its number."""
    made = {
        "modified_at": f"2026-11-20T09:{number:02d}:00+08:00",
        "total": f"{number}.50",
        "region": f"region {number}",
    }
    return order(order_id, **{**made, **changes})


def test_an_order_lands_typed(tx: Transaction) -> None:
    paid = {
        "paid_at": "2026-11-20T09:01:00+08:00",
        "paid": "0",
        "payment_state": None,
        "item_count": "2",
        "source": None,
    }
    assert load(tx, {Entity.ORDER: [order(**paid)]}) == [Counts(1, 1, 0, 0, 0)]
    found = tx.connection.exec_driver_sql("SELECT * FROM facts.orders").mappings().one()
    assert (found["total_minor"], found["paid_minor"], found["currency"]) == (12990, 0, "CNY")
    assert (found["payment_state"], found["source"], found["item_count"]) == ("paid", "default", 2)
    assert found["known_at"] == AS_OF
    assert found["paid_at"].isoformat() == "2026-11-20T01:01:00+00:00"


@pytest.mark.parametrize(
    ("currency", "total", "minor"), [("JPY", "129", 129), ("KWD", "1.234", 1234), ("CNY", "1.5000", 150)]
)
def test_money_goes_by_the_decimals_of_its_currency(tx: Transaction, currency: str, total: str, minor: int) -> None:
    load(tx, {Entity.ORDER: [order(currency=currency, total=total)]})
    assert rows(tx, "SELECT total_minor FROM facts.orders") == [(minor,)]


def test_the_same_batch_again_writes_nothing(tx: Transaction) -> None:
    batch = [version(1, "a"), version(1, "b"), version(1, "c")]
    load(tx, {Entity.ORDER: batch})
    before = rows(tx, "SELECT xmin, ctid, * FROM facts.orders ORDER BY order_id")
    assert load(tx, {Entity.ORDER: batch[::-1]}, as_of=LATER) == [Counts(3, 0, 3, 0, 0)]
    assert rows(tx, "SELECT xmin, ctid, * FROM facts.orders ORDER BY order_id") == before


def test_an_older_version_never_replaces_a_newer_one(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [version(2)]})
    current = orders(tx)
    assert load(tx, {Entity.ORDER: [version(1)]}, as_of=LATER) == [Counts(1, 0, 0, 1, 0)]
    assert orders(tx) == current
    assert rows(tx, "SELECT count(*) FROM facts.orders_history") == [(0,)]


def test_of_several_versions_in_a_batch_the_newest_wins_and_each_is_counted(tx: Transaction) -> None:
    lines = [version(2), version(3), version(1), version(3)]
    assert load(tx, {Entity.ORDER: lines}) == [Counts(4, 1, 1, 2, 0)]
    assert rows(tx, "SELECT total_minor FROM facts.orders") == [(350,)]


def test_a_replaced_version_is_kept_with_the_time_it_was_known(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [version(1)]})
    load(tx, {Entity.ORDER: [version(2)]}, as_of=LATER)
    last = LATER + timedelta(minutes=5)
    load(tx, {Entity.ORDER: [version(3)]}, as_of=last)
    assert rows(tx, "SELECT total_minor, known_from, known_until FROM facts.orders_history ORDER BY known_from") == [
        (150, AS_OF, LATER),
        (250, LATER, last),
    ]
    assert rows(tx, "SELECT total_minor, known_at FROM facts.orders") == [(350, last)]


def test_two_versions_learned_at_one_instant_leave_no_empty_interval(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [version(1)]})
    land(tx, {Entity.ORDER: [version(2)]})
    load_pending(tx)
    assert rows(tx, "SELECT count(*) FROM facts.orders_history") == [(0,)]


def test_a_correction_under_the_same_version_is_taken(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [version(1)]})
    assert load(tx, {Entity.ORDER: [version(1, total="9.99")]}, as_of=LATER) == [Counts(1, 1, 0, 0, 0)]
    assert rows(tx, "SELECT total_minor FROM facts.orders") == [(999,)]


def test_without_a_version_the_latest_instant_stands_for_it(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [version(1, modified_at=None, paid_at="2026-11-20T09:30:00+08:00")]})
    assert load(tx, {Entity.ORDER: [version(1, modified_at=None)]}, as_of=LATER) == [Counts(1, 0, 0, 1, 0)]


def test_history_is_known_since_it_happened_and_news_since_it_was_loaded(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [version(1)]}, is_history=True)
    created = rows(tx, "SELECT created_at FROM facts.orders")[0][0]
    assert rows(tx, "SELECT known_at FROM facts.orders") == [(created,)]
    assert rows(tx, "SELECT known_at FROM facts.customers") == [(created,)]
    load(tx, {Entity.ORDER: [version(2)]}, as_of=LATER)
    assert rows(tx, "SELECT known_from, known_until FROM facts.orders_history") == [(created, LATER)]


def test_history_after_news_never_turns_an_interval_round(tx: Transaction) -> None:
    load(tx, {Entity.ORDER: [version(1)]})
    load(tx, {Entity.ORDER: [version(2)]}, is_history=True)
    assert rows(tx, "SELECT total_minor, known_at FROM facts.orders") == [(250, AS_OF)]
    assert rows(tx, "SELECT count(*) FROM facts.orders_history") == [(0,)]


def test_every_entity_finds_its_fact(tx: Transaction) -> None:
    stamp = {"modified_at": "2026-11-20T09:00:00+08:00"}
    line = {"order_id": "o1", "line_id": "1", "title": "{{7*7}}", "quantity": "2", "price": "10", "net": "20", **stamp}
    refund = {"refund_id": "r1", "order_id": "o1", "amount": "5", "happened_at": "2026-11-20T10:00:00Z"}
    given = {Entity.ORDER: [order()], Entity.ORDER_LINE: [line], Entity.REFUND: [refund]}
    assert load(tx, given) == [Counts(1, 1, 0, 0, 0)] * 3
    parcel = {"shipment_id": "p1", "order_id": "o1", "shipped_at": "2026-11-20T10:00:00Z"}
    scan = {"shipment_id": "p1", "happened_at": "2026-11-20T11:00:00Z", "state": "in_transit"}
    given = {Entity.SHIPMENT: [parcel], Entity.TRACKING_EVENT: [scan, scan, {**scan, "place": "杭州"}]}
    assert load(tx, given, entity=Entity.SHIPMENT) == [Counts(1, 1, 0, 0, 0), Counts(3, 2, 1, 0, 0)]
    assert rows(tx, "SELECT title, net_minor FROM facts.order_lines") == [("{{7*7}}", 2000)]
    assert rows(tx, "SELECT amount_minor, currency, state FROM facts.refunds") == [(500, "CNY", "succeeded")]
    assert rows(tx, "SELECT count(*) FROM facts.tracking_events") == [(2,)]


def test_lines_without_a_version_are_unchanged_until_they_change(tx: Transaction) -> None:
    line = {"order_id": "o1", "line_id": "1", "quantity": "2", "net": "20"}
    load(tx, {Entity.ORDER_LINE: [line]})
    assert load(tx, {Entity.ORDER_LINE: [line]}, as_of=LATER)[1] == Counts(1, 0, 1, 0, 0)
    assert load(tx, {Entity.ORDER_LINE: [{**line, "quantity": "3"}]}, as_of=LATER)[1] == Counts(1, 1, 0, 0, 0)


def test_lines_of_history_are_known_with_their_order(tx: Transaction) -> None:
    line = {"order_id": "o1", "line_id": "1", "quantity": "2", "net": "20"}
    load(tx, {Entity.ORDER: [order()], Entity.ORDER_LINE: [line]}, is_history=True)
    assert rows(tx, "SELECT known_at FROM facts.order_lines") == rows(tx, "SELECT created_at FROM facts.orders")


def test_a_run_that_lost_the_head_loads_nothing_and_the_batch_stays_pending(database: Database) -> None:
    with database.transaction() as tx:
        land(tx, {Entity.ORDER: [version(1)]})
    with database.transaction() as tx:
        head.advance_loaded(tx, "shop", LATER)
    with pytest.raises(NotAtHead), database.transaction() as tx:
        load_pending(tx, as_of=AS_OF)
    with database.transaction() as tx:
        assert orders(tx) == []
        assert len(landing.pending(tx, "shop")) == 1
        assert list(load_pending(tx, as_of=LATER).values()) == [Counts(1, 1, 0, 0, 0)]
        assert head.read(tx, "shop").loaded_as_of == LATER


def test_counts_that_do_not_add_up_are_refused_by_the_database(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [version(1)]})
    with pytest.raises(Exception, match="batch_rows_accounted_for"):
        tx.connection.exec_driver_sql("UPDATE landing.batch SET state = 'loaded'")


VERSIONS = st.lists(
    st.lists(st.tuples(st.sampled_from("ab"), st.integers(1, 4)), min_size=1, max_size=4), min_size=1, max_size=4
)


def arrive(
    database: Database, batches: Sequence[Sequence[tuple[str, int]]]
) -> tuple[list[tuple[Any, ...]], list[Counts]]:
    """Load batches one after another in a transaction that is rolled back; the current facts and the counts."""
    counts = []
    with database.engine.connect() as connection:
        tx = Transaction(connection)
        for at, batch in enumerate(batches):
            lines: list[Mapping[str, str | None]] = [version(number, key) for key, number in batch]
            counts += load(tx, {Entity.ORDER: lines}, as_of=AS_OF + timedelta(minutes=at))
        found = orders(tx)
        intervals = rows(tx, "SELECT count(*) FROM facts.orders_history WHERE known_from >= known_until")
        connection.rollback()
    assert intervals == [(0,)]
    return found, counts


@given(batches=VERSIONS, data=st.data())
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_order_and_repetition_of_arrival_change_no_fact(database: Database, batches: Any, data: st.DataObject) -> None:
    expected, counts = arrive(database, batches)
    again = data.draw(st.permutations(batches + batches[:1]))
    assert arrive(database, again)[0] == expected
    assert all(c.landed == c.loaded + c.unchanged + c.superseded + c.quarantined for c in counts)
    newest = {key: max(n for batch in batches for k, n in batch if k == key) for batch in batches for key, _ in batch}
    assert {row[0]: row[4] for row in expected} == {key: number * 100 + 50 for key, number in newest.items()}


def test_the_bulk_plan_and_the_small_one_agree(tx: Transaction, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [version(number, f"o{key}") for key in range(20) for number in (1, 2)]
    load(tx, {Entity.ORDER: lines})
    small = orders(tx)
    tx.connection.exec_driver_sql("TRUNCATE facts.orders")
    monkeypatch.setattr(merge, "_BULK_LINES", 1)
    assert load(tx, {Entity.ORDER: lines}, as_of=LATER) == [Counts(40, 20, 0, 20, 0)]
    assert orders(tx) == small


def test_a_quarantined_line_is_never_cast(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [version(1, "a"), version(1, "b", created_at="yesterday", total="dear")]})
    assert list(load_pending(tx).values()) == [Counts(2, 1, 0, 0, 1)]


def test_a_batch_is_loaded_by_its_own_shop_alone(tx: Transaction) -> None:
    other = shop(id="other", sources=shop().sources)
    land(tx, {Entity.ORDER: [version(1)]}, of=other)
    load_pending(tx, of=other)
    load(tx, {Entity.ORDER: [version(2)]}, as_of=LATER)
    assert rows(tx, "SELECT shop_id, total_minor FROM facts.orders ORDER BY shop_id") == [("other", 150), ("shop", 250)]
