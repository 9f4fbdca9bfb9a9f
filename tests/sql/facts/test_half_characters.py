"""Half a character, as JSON can escape it, costs the row it stands in and no other."""

from __future__ import annotations

from tests.sql.facts.builders import Page, land, load_pending, order

from touchpoint.db import Transaction
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity
from touchpoint.sources.taobao.source import table_of


def test_a_platforms_row_with_half_a_character_is_quarantined_and_the_others_load(tx: Transaction) -> None:
    rows = [order("a"), order("b", region="\ud83d"), order("c", region="浙江省")]
    land(tx, pages=[Page({Entity.ORDER: table_of(Entity.ORDER, rows)})])
    assert list(load_pending(tx).values()) == [Counts(3, 2, 0, 0, 1)]
    found = tx.connection.exec_driver_sql("SELECT reasons, payload ->> 'order_id' FROM landing.quarantine").all()
    assert [tuple(row) for row in found] == [(["unstorable_text"], "b")]
    assert tx.connection.exec_driver_sql("SELECT region FROM facts.orders WHERE order_id = 'c'").scalar() == "浙江省"
