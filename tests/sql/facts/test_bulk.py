"""A first bulk load makes the indexes after its rows, and tells the planner what it brought."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sql.facts.builders import land, load_pending, order, shop

from touchpoint.db import Database, Transaction
from touchpoint.facts import merge
from touchpoint.model import Entity


@pytest.fixture(autouse=True)
def bulk_begins_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "_BULK_LINES", 3)
    monkeypatch.setattr(merge, "_TOLD_LINES", 3)


def indexes(tx: Transaction) -> list[tuple[Any, ...]]:
    text = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'facts' AND tablename = 'orders' ORDER BY 1"
    return [tuple(row) for row in tx.connection.exec_driver_sql(text)]


def index_files(tx: Transaction) -> dict[str, int]:
    text = "SELECT indexrelid::regclass::text, indexrelid FROM pg_index WHERE indrelid = 'facts.orders'::regclass"
    return {row[0]: int(row[1]) for row in tx.connection.exec_driver_sql(text)}


def bring(tx: Transaction, *order_ids: str, of: Any = None) -> None:
    land(tx, {Entity.ORDER: [order(order_id) for order_id in order_ids]}, of=of)
    assert [counts.loaded for counts in load_pending(tx, of=of).values()] == [len(order_ids)]


def test_the_indexes_of_an_empty_table_are_made_anew_and_the_same(tx: Transaction) -> None:
    before, files = indexes(tx), index_files(tx)
    bring(tx, "a", "b", "c")
    assert indexes(tx) == before
    kept = {name for name, file in index_files(tx).items() if files[name] == file}
    assert kept == {"facts.orders_pk"}  # what keeps keys unique is never missing
    tx.connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
    found = tx.connection.exec_driver_sql("SELECT count(*) FROM facts.orders_as_of('shop', '2030-01-01')").scalar()
    assert found == 3


def test_a_table_that_holds_another_shops_rows_keeps_its_indexes(tx: Transaction) -> None:
    bring(tx, "a", of=shop(id="other"))
    files = index_files(tx)
    bring(tx, "a", "b", "c")
    assert index_files(tx) == files


def test_a_small_batch_keeps_the_indexes(tx: Transaction) -> None:
    files = index_files(tx)
    bring(tx, "a", "b")
    assert index_files(tx) == files


def test_two_first_loads_at_once_do_not_wait_for_each_other(database: Database) -> None:
    with database.transaction() as one, database.transaction() as other:
        other.connection.exec_driver_sql("SET LOCAL lock_timeout = '5s'")
        assert one.many("load/lay_indexes_aside", fact="facts.refunds")
        assert other.many("load/lay_indexes_aside", fact="facts.refunds") == []


def test_a_load_that_fails_leaves_the_indexes_as_they_were(database: Database) -> None:
    with database.transaction() as tx:
        before = index_files(tx)
    with database.engine.connect() as connection:
        bring(Transaction(connection), "a", "b", "c")
        connection.rollback()
    with database.transaction() as tx:
        assert index_files(tx) == before


def test_the_planner_is_told_what_a_first_load_brought_and_not_of_a_drop_in_the_sea(tx: Transaction) -> None:
    def told() -> float:
        return float(
            tx.connection.exec_driver_sql(
                "SELECT reltuples FROM pg_class WHERE oid = 'facts.orders'::regclass"
            ).scalar_one()
        )

    bring(tx, *(f"a{at}" for at in range(100)))
    assert told() == 100
    bring(tx, "b1", "b2", "b3")
    assert told() == 100
    bring(tx, *(f"c{at}" for at in range(30)))
    assert told() == 133
