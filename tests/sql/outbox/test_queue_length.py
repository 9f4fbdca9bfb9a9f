"""A claim costs what it takes, not what is waiting; also right after a large audience, before statistics are there."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import event
from tests.faults.world import World
from tests.sql.outbox.conftest import Recorder

from touchpoint import statements
from touchpoint.model import Channel

STATEMENTS = (
    "claim",
    "reach",
    "widen/order_unpaid",
    "valid/order_unpaid",
    "context/order",
    "start",
    "settle",
    "release",
)


def pages_read(world: World, channel: Recorder) -> dict[str, int]:
    """Pages each statement of one claim and send touches."""
    texts = {_head(name): name for name in STATEMENTS}
    pages: dict[str, int] = {}

    def explain(connection: Any, cursor: Any, text: str, values: Any, *_: object) -> None:
        name = next((name for head, name in texts.items() if text.startswith(head)), None)
        if name is None:
            return
        cursor.execute("SAVEPOINT explained")
        cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}", values)
        [[plan]] = cursor.fetchall()
        cursor.execute("ROLLBACK TO SAVEPOINT explained")
        top = (plan if isinstance(plan, list) else json.loads(plan))[0]["Plan"]
        pages[name] = pages.get(name, 0) + top["Shared Hit Blocks"] + top["Shared Read Blocks"]

    event.listen(world.db.engine, "before_cursor_execute", explain)
    try:
        world.dispatch({Channel.SMS: channel}, limit=50)
    finally:
        event.remove(world.db.engine, "before_cursor_execute", explain)
    return pages


def _head(name: str) -> str:
    return "\n".join(statements.load(f"outbox/{name}").text.splitlines()[:2])


def test_a_longer_queue_makes_a_claim_no_dearer(world: World, channel: Recorder) -> None:
    world.add(200)
    world.dispatch({Channel.SMS: channel}, limit=100)
    world.sql("ANALYZE")
    world.add(3_000)  # and no ANALYZE
    shorter = pages_read(world, channel)
    world.add(9_000)
    longer = pages_read(world, channel)
    assert set(shorter) == set(longer) == set(STATEMENTS)
    dearer = {name: (shorter[name], longer[name]) for name in longer if longer[name] > 1.3 * shorter[name] + 100}
    assert dearer == {}
