"""Quarantine can be looked at, driven again, and is emptied in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.sql.facts.builders import AS_OF, Line, Page, land, load_pending, member, order, shop, table

from touchpoint.db import Transaction
from touchpoint.errors import TouchpointError
from touchpoint.facts import landing
from touchpoint.facts.merge import Counts
from touchpoint.model import Entity
from touchpoint.quality import gate, quarantine

LATER = AS_OF + timedelta(minutes=5)


def correct(tx: Transaction, old: str, new: str) -> None:
    """What a corrected adapter would have landed."""
    text = "UPDATE landing.quarantine SET payload = replace(payload::text, %(old)s, %(new)s)::jsonb"
    tx.connection.exec_driver_sql(text, {"old": old, "new": new})


def test_open_rows_are_listed_without_their_content(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [order("a", total="x"), order("b", kind="x")]})
    load_pending(tx)
    found = quarantine.list_open(tx, "shop")
    assert [(row["line_no"], row["reasons"]) for row in found] == [(2, ["unknown_kind"]), (1, ["unreadable_amount"])]
    assert "payload" not in found[0]
    assert len(quarantine.list_open(tx, "shop", limit=1)) == 1
    assert quarantine.list_open(tx, "shop", entity="member") == []
    assert quarantine.list_open(tx, "other") == []


def test_a_row_is_shown_with_everything_personal_masked(tx: Transaction) -> None:
    rows = [member(birthday="x", display_name="王小明", phone="13812345678")]
    land(tx, {Entity.MEMBER: rows}, entity=Entity.MEMBER)
    load_pending(tx)
    (row,) = quarantine.list_open(tx, "shop")
    shown: dict[str, Any] = quarantine.show(tx, row["quarantine_id"])
    assert "13812345678" not in str(shown)
    assert "小明" not in str(shown)
    assert shown["payload"]["modified_at"] == "2026-11-01T00:00:00+08:00"
    assert shown["payload"]["phone"] == "1*** (11 characters)"
    with pytest.raises(TouchpointError, match="no such row"):
        quarantine.show(tx, 0)


def test_an_address_in_the_wrong_column_is_masked_too(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [order(total="13812345678", kind="a@b.cn", source="浙江")]})
    load_pending(tx)
    (row,) = quarantine.list_open(tx, "shop")
    shown = str(quarantine.show(tx, row["quarantine_id"])["payload"])
    assert not any(text in shown for text in ("13812345678", "a@b.cn", "浙江"))


def test_a_row_driven_again_is_judged_and_loaded_like_any_other(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [order("a", total="x", region="x"), order("b", kind="x")]})
    load_pending(tx)
    correct(tx, '"total": "x"', '"total": "1"')
    (batch_id,) = quarantine.retry(tx, shop(), as_of=LATER)
    assert [(batch.batch_id, batch.landed) for batch in landing.pending(tx, "shop")] == [(batch_id, 2)]
    assert load_pending(tx, as_of=LATER) == {batch_id: Counts(2, 1, 0, 0, 1)}
    states = tx.connection.exec_driver_sql(
        "SELECT state, retried_batch_id FROM landing.quarantine ORDER BY quarantine_id"
    )
    assert [tuple(row) for row in states] == [("retried", batch_id), ("retried", batch_id), ("open", None)]
    assert tx.connection.exec_driver_sql("SELECT region, known_at FROM facts.orders").one() == ("x", LATER)


def test_chosen_rows_of_several_entities_are_driven_again_apart(tx: Transaction) -> None:
    line = {"order_id": "a", "line_id": "1", "quantity": "x", "net": "1"}
    land(tx, {Entity.ORDER: [order("a", total="x"), order("b", total="x")], Entity.ORDER_LINE: [line]})
    load_pending(tx)
    chosen = [row["quarantine_id"] for row in quarantine.list_open(tx, "shop") if row["line_no"] == 1]
    assert len(quarantine.retry(tx, shop(), ids=chosen, as_of=LATER)) == 2
    assert [row["line_no"] for row in quarantine.list_open(tx, "shop")] == [2]
    assert quarantine.retry(tx, shop(), entity="refund", as_of=LATER) == []


def test_a_retried_row_older_than_what_is_known_by_now_changes_nothing(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [order("a", total="x")]})
    load_pending(tx)
    land(tx, {Entity.ORDER: [order("a", total="2", modified_at="2026-11-20T09:05:00+08:00")]}, as_of=LATER)
    correct(tx, '"total": "x"', '"total": "1"')
    quarantine.retry(tx, shop(), as_of=LATER)
    assert sum(counts.superseded for counts in load_pending(tx, as_of=LATER).values()) == 1
    assert tx.connection.exec_driver_sql("SELECT total_minor FROM facts.orders").scalar() == 200


def test_a_retried_line_of_an_old_list_without_versions_is_as_old_as_that_list(tx: Transaction) -> None:
    """A member list says nothing of its rows' versions: the list's own instant stands for it, retried or not."""
    land(tx, {Entity.MEMBER: [member(modified_at=None, birthday="x", phone="13800000001")]}, entity=Entity.MEMBER)
    load_pending(tx)
    newer = member(modified_at=None, display_name="Wang", phone="13800000002")
    land(tx, {Entity.MEMBER: [newer]}, entity=Entity.MEMBER, as_of=LATER)
    load_pending(tx, as_of=LATER)
    correct(tx, '"birthday": "x"', '"birthday": null')
    (batch_id,) = quarantine.retry(tx, shop(), as_of=LATER + timedelta(days=1))
    assert load_pending(tx, as_of=LATER + timedelta(days=1))[batch_id] == Counts(1, 0, 0, 1, 0)
    assert tx.connection.exec_driver_sql("SELECT display_name FROM contact.people").scalar() == "Wang"
    points = "SELECT address FROM contact.contact_points WHERE kind = 'phone' AND expires_at IS NULL"
    assert [row[0] for row in tx.connection.exec_driver_sql(points)] == ["+8613800000002"]


def test_rows_of_two_lists_are_driven_again_apart(tx: Transaction) -> None:
    for at in (AS_OF, LATER):
        land(tx, {Entity.MEMBER: [member(modified_at=None, birthday="x")]}, entity=Entity.MEMBER, as_of=at)
        load_pending(tx, as_of=at)
    made = quarantine.retry(tx, shop(), as_of=LATER)
    snapshots = tx.connection.exec_driver_sql("SELECT snapshot_at FROM landing.batch WHERE origin = 'retry'")
    assert (len(made), [row[0] for row in snapshots]) == (2, [AS_OF, LATER])


def test_a_line_no_parser_could_split_stays_where_it_is(tx: Transaction) -> None:
    land(tx, pages=[Page({Entity.ORDER: table([])}, malformed=[Line(Entity.ORDER, 3, "a;b")])])
    load_pending(tx)
    assert quarantine.retry(tx, shop(), as_of=LATER) == []
    assert len(quarantine.list_open(tx, "shop")) == 1


def test_what_landed_long_ago_is_forgotten_once_it_is_loaded(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [order("a"), order("b", total="x")]})
    load_pending(tx)
    land(tx, {Entity.ORDER: [order("c")]})
    tx.connection.exec_driver_sql("UPDATE landing.batch SET landed_at = landed_at - interval '31 days'")
    before = tx.connection.exec_driver_sql("SELECT now() - interval '30 days'").scalar()
    assert tx.count("load/forget_landed", before=before, relation="landing.order") == 1  # b moved to quarantine
    assert tx.count("load/forget_quarantined", before=before) == 0
    tx.connection.exec_driver_sql("UPDATE landing.quarantine SET quarantined_at = now() - interval '31 days'")
    assert tx.count("load/forget_quarantined", before=before) == 1
    assert tx.count("load/forget_quarantined", before=before) == 0
    assert quarantine.list_open(tx, "shop")[0]["reasons"] == ["unreadable_amount"]
    assert quarantine.retry(tx, shop(), as_of=LATER) == []  # nothing is left to drive
    assert len(load_pending(tx)) == 1


def test_columns_are_named_and_without_a_shop_all_shops_are_listed(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [order("a", total="x", kind="x")]})
    load_pending(tx)
    (row,) = quarantine.list_open(tx, None)
    assert (row["shop_id"], row["columns"]) == ("shop", ["kind", "total"])


def test_only_who_may_sees_a_row_unmasked_and_each_look_is_kept_with_its_reason(tx: Transaction) -> None:
    land(tx, {Entity.ORDER: [order("a", total="13812345678x")]})
    load_pending(tx)
    (row,) = quarantine.list_open(tx, "shop")
    number = row["quarantine_id"]
    with pytest.raises(TouchpointError, match="may_see_unmasked"):
        quarantine.show_unmasked(tx, number, who="ann", note="repair", allowed=["bob"])
    with pytest.raises(TouchpointError, match="no note"):
        quarantine.show_unmasked(tx, number, who="bob", note=" ", allowed=["bob"])
    looks = "SELECT quarantine_id, who, note FROM landing.unmasked_look"
    assert tx.connection.exec_driver_sql(looks).all() == []
    shown = quarantine.show_unmasked(tx, number, who="bob", note="repair", allowed=["bob"])
    assert shown["payload"]["total"] == "13812345678x"
    assert [tuple(look) for look in tx.connection.exec_driver_sql(looks)] == [(number, "bob", "repair")]


def test_a_pending_batch_is_shown_with_what_its_lines_break_and_a_masked_example(tx: Transaction) -> None:
    rows = [order("a"), order("b", total="13812345678x"), order("c", total="x"), order("d", kind="x")]
    land(tx, {Entity.ORDER: rows})
    (shown,) = gate.show(tx, "shop")
    assert shown["broken"] == [
        {
            "reason": "unreadable_amount",
            "columns": ["total"],
            "lines": 2,
            "line_no": 2,
            "example": {"total": "1*** (12 characters)"},
        },
        {"reason": "unknown_kind", "columns": ["kind"], "lines": 1, "line_no": 4, "example": {"kind": "x"}},
    ]
