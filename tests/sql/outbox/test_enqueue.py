"""Decisions become waiting messages, each once."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from tests.faults.world import AT, REALM, World

from touchpoint.model import Cadence, Mode, Run
from touchpoint.outbox.enqueue import enqueue


def run(world: World) -> Run:
    return Run(world.run_no, REALM, "stall", "intraday", "r", Cadence.INTRADAY, "manual", AT, Mode.SEND, True)


def rows(world: World) -> list[dict[str, Any]]:
    """Rows as decide makes them, for touches that have no message."""
    world.add(3)
    world.sql("DELETE FROM ledger.message")
    touches = world.sql("SELECT touch_id, identity, customer_id, address_hash FROM ledger.touch ORDER BY touch_id")
    return [
        {
            **touch,
            "campaign_id": "unpaid_reminder",
            "step": "remind",
            "purpose": "transactional",
            "channel": "sms",
            "address_kind": "phone",
            "template": "remind",
            "variant": None,
            "locale": "zh-CN",
            "valid_while": ("order_unpaid", "no_order_since"),
            "max_staleness": timedelta(minutes=30),
            "needs_approval": False,
            "not_before": AT,
            "not_after": AT + timedelta(hours=2),
            "planned_on": date(2026, 11, 20),
        }
        for touch in touches
    ]


def test_every_column_arrives_as_it_was_decided(world: World) -> None:
    given = rows(world)
    with world.db.transaction() as tx:
        assert enqueue(tx, run(world), given) == 3
    stored = world.sql("SELECT * FROM ledger.message ORDER BY touch_id")
    for wanted, row in zip(given, stored, strict=True):
        assert {key: row[key] for key in wanted} == {**wanted, "valid_while": ["order_unpaid", "no_order_since"]}
        assert (row["state"], row["enqueued_run_no"], row["enqueued_as_of"]) == ("waiting", world.run_no, AT)
        assert (row["realm"], row["shop_id"], row["state_at"]) == (REALM, "stall", AT)


def test_the_same_rows_again_add_nothing(world: World) -> None:
    given = rows(world)
    with world.db.transaction() as tx:
        enqueue(tx, run(world), given)
        assert enqueue(tx, run(world), given) == 0
    assert world.states() == {"waiting": 3}


def test_no_rows_is_no_statement(world: World) -> None:
    with world.db.transaction() as tx:
        assert enqueue(tx, run(world), []) == 0


def test_what_asks_for_approval_is_hashed_with_it_whenever_something_is_added(world: World) -> None:
    given = [{**row, "needs_approval": True} for row in rows(world)]
    world.sql("UPDATE ledger.touch SET occasion = '2026-11'")
    hashes = []
    for added in (given[:2], given[:2], given[2:]):
        with world.db.transaction() as tx:
            enqueue(tx, run(world), added)
        hashes.append(world.sql("SELECT rows_hash, message_count, expires_at FROM ledger.approval_batch"))
    assert [[batch["message_count"] for batch in found] for found in hashes] == [[2], [2], [3]]
    assert hashes[0] == hashes[1] != hashes[2]
    assert hashes[0][0]["expires_at"] == AT + timedelta(hours=2)


def test_what_asks_for_nothing_is_not_hashed(world: World) -> None:
    given = rows(world)
    with world.db.transaction() as tx:
        enqueue(tx, run(world), given)
    assert world.sql("SELECT * FROM ledger.approval_batch") == []
