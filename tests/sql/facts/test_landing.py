"""Pages of a source land whole: with batch and line, their watermark, and what cannot land in quarantine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pyarrow as pa
import pytest
from tests.sql.facts.builders import AS_OF, Line, Mark, Page, land, member, order, shop, table

from touchpoint.db import Database, Transaction
from touchpoint.errors import NotAtHead, SourceUnavailable
from touchpoint.facts import head, landing
from touchpoint.model import Entity, Window
from touchpoint.settings import SourceConfig


def landed(tx: Transaction, relation: str = "order") -> list[tuple[object, ...]]:
    columns = {
        "order": "line_no, order_id, customer_id, region, currency",
        "member": "line_no, customer_id, display_name",
    }
    rows = tx.connection.exec_driver_sql(f'SELECT {columns[relation]} FROM landing."{relation}" ORDER BY line_no')
    return [tuple(row) for row in rows]


def quarantined(tx: Transaction) -> list[tuple[object, ...]]:
    rows = tx.connection.exec_driver_sql("SELECT line_no, reasons, payload FROM landing.quarantine ORDER BY line_no")
    return [tuple(row) for row in rows]


def test_rows_of_all_pages_land_numbered_and_empty_text_is_null(tx: Transaction) -> None:
    pages = [
        Page({Entity.ORDER: table([order("a", region="")])}),
        Page({Entity.ORDER: table([order("b", currency=None)])}),
    ]
    land(tx, pages=pages)
    assert landed(tx) == [(1, "a", "buyer-1", None, "CNY"), (2, "b", "buyer-1", None, "CNY")]


def test_an_extraction_makes_a_batch_for_each_entity_that_came_and_one_for_its_own_even_if_empty(
    tx: Transaction,
) -> None:
    line = {"order_id": "a", "line_id": "1", "net": "1", "quantity": "1"}
    assert len(land(tx, {Entity.ORDER: [order()], Entity.ORDER_LINE: [line]})) == 2
    assert len(land(tx, {})) == 1
    assert [(batch.entity, batch.landed) for batch in landing.pending(tx, "shop")] == [
        (Entity.ORDER, 1),
        (Entity.ORDER, 0),
        (Entity.ORDER_LINE, 1),
    ]


def test_hostile_text_lands_as_it_is(tx: Transaction) -> None:
    hostile = [
        "{{7*7}}",
        "<script>",
        "=cmd()",
        'a"b',
        "a,b",
        "a\r\nBcc: x",
        "\\N",
        "\\.",
        "NULL",
        "'; DROP TABLE x --",
        "é漢🙂",
    ]
    land(
        tx,
        {Entity.MEMBER: [member(str(at), display_name=text) for at, text in enumerate(hostile)]},
        entity=Entity.MEMBER,
    )
    assert [row[2] for row in landed(tx, "member")] == hostile


def test_a_nul_byte_costs_its_row_not_its_batch(tx: Transaction) -> None:
    batches = land(tx, {Entity.ORDER: [order("a"), order("b", region="x\0y"), order("c", city="\n\\.\n")]})
    assert [row[1] for row in landed(tx)] == ["a"]
    assert [(line, reasons) for line, reasons, _ in quarantined(tx)] == [
        (2, ["unstorable_text"]),
        (3, ["unstorable_text"]),
    ]
    assert quarantined(tx)[0][2]["region"] == "x\u2400y"  # type: ignore[index]
    assert landing.pending(tx, "shop")[0].landed == 3
    assert len(batches) == 1


def test_broken_utf8_costs_its_row_not_its_batch(tx: Transaction) -> None:
    broken = pa.array([b"a", b"\xff\xfe"], pa.binary()).view(pa.string())
    good = table([order("a"), order("b")])
    land(tx, pages=[Page({Entity.ORDER: good.append_column("region", broken)})])
    assert [row[1] for row in landed(tx)] == ["a"]
    assert quarantined(tx)[0][2]["region"] == "\\xff\\xfe"  # type: ignore[index]


def test_malformed_lines_land_in_quarantine_with_their_text(tx: Transaction) -> None:
    lines = [Line(Entity.ORDER, 7, "a;b;\0'\"", "12 columns, 14 expected"), Line(Entity.ORDER, 9, "\udcff", "no UTF-8")]
    land(tx, pages=[Page({Entity.ORDER: table([order()])}, malformed=lines)])
    assert quarantined(tx) == [
        (2, ["12 columns, 14 expected"], {"line": "a;b;\u2400'\"", "file_line": 7}),
        (3, ["no UTF-8"], {"line": "\\udcff", "file_line": 9}),
    ]
    assert landing.pending(tx, "shop")[0].landed == 3


def test_ten_thousand_malformed_lines_are_all_kept(tx: Transaction) -> None:
    lines = [Line(Entity.ORDER, at, f"line {at}") for at in range(10_000)]
    land(tx, pages=[Page({}, malformed=lines)])
    assert len(quarantined(tx)) == landing.pending(tx, "shop")[0].landed == 10_000


def test_the_watermark_moves_with_the_rows_and_never_back(tx: Transaction) -> None:
    given = shop()
    assert landing.is_history(tx, "shop", Entity.ORDER)
    assert landing.next_window(tx, given, Entity.ORDER, AS_OF) == Window(
        AS_OF - timedelta(days=400), AS_OF - timedelta(minutes=1)
    )
    land(tx, {})
    assert not landing.is_history(tx, "shop", Entity.ORDER)
    assert landing.is_history(tx, "shop", Entity.MEMBER)
    land(tx, {}, as_of=AS_OF - timedelta(hours=2))
    later = AS_OF + timedelta(minutes=5)
    assert landing.next_window(tx, given, Entity.ORDER, later) == Window(
        AS_OF - timedelta(minutes=5), later - timedelta(minutes=1)
    )


def test_a_window_is_never_turned_round(tx: Transaction) -> None:
    land(tx, {})
    source = SourceConfig(adapter="taobao", overlap=timedelta(0), settle_lag=timedelta(hours=1))
    window = landing.next_window(tx, shop(sources={"order": source}), Entity.ORDER, AS_OF)
    assert window.start == window.end


def test_a_source_that_fails_half_way_leaves_nothing(database: Database) -> None:
    def pages() -> Iterator[Page]:
        yield Page({Entity.ORDER: table([order()])})
        raise SourceUnavailable("no answer")

    with pytest.raises(SourceUnavailable), database.transaction() as tx:
        land(tx, pages=pages())  # type: ignore[arg-type]
    with database.transaction() as tx:
        assert landed(tx) == []
        assert landing.is_history(tx, "shop", Entity.ORDER)


def test_a_failing_copy_ends_the_reader(tx: Transaction) -> None:
    read: list[int] = []

    def pages() -> Iterator[Page]:
        for at in range(1000):
            read.append(at)
            yield Page({Entity.ORDER: table([{"no_such_column": "x"}])})

    with pytest.raises(Exception, match="no_such_column"):
        land(tx, pages=pages())  # type: ignore[arg-type]
    assert len(read) < 20


def test_files_read_are_remembered_by_content(tx: Transaction) -> None:
    land(tx, pages=[Page({}, file=Mark("a.csv", "1"))])
    land(tx, pages=[Page({}, file=Mark("a.csv", "2")), Page({}, file=Mark("b.csv", "1"))])
    assert landing.files_read(tx, "shop", Entity.ORDER) == {("a.csv", "2"), ("b.csv", "1")}


def test_landing_before_the_head_is_refused(tx: Transaction) -> None:
    head.advance_refreshed(tx, "shop", AS_OF)
    with pytest.raises(NotAtHead):
        land(tx, {}, as_of=AS_OF - timedelta(minutes=5))
    land(tx, {}, as_of=AS_OF)


def test_declared_history_needs_no_head(tx: Transaction) -> None:
    head.advance_refreshed(tx, "shop", AS_OF)
    assert land(tx, {}, as_of=AS_OF - timedelta(days=1), is_history=True)


def test_the_head_is_the_later_of_loaded_and_refreshed_and_never_goes_back(tx: Transaction) -> None:
    head.require(tx, "shop", AS_OF)
    head.advance_loaded(tx, "shop", AS_OF)
    head.advance_refreshed(tx, "shop", AS_OF - timedelta(hours=1))
    head.advance_loaded(tx, "shop", AS_OF - timedelta(hours=2))
    assert head.read(tx, "shop") == head.Head(AS_OF, AS_OF - timedelta(hours=1))
    with pytest.raises(NotAtHead):
        head.require(tx, "shop", AS_OF - timedelta(minutes=1))


def test_one_extraction_waits_for_the_other(database: Database) -> None:
    with database.transaction() as first, database.transaction() as second:
        landing.lock_ingest(first, "shop")
        second.connection.exec_driver_sql("SET LOCAL lock_timeout = '50ms'")
        with pytest.raises(Exception, match="lock timeout"):
            landing.lock_ingest(second, "shop")
