"""Orders paid and not handed over, as a task for the shop: case by case, and against plain Python on random orders."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.sql.decide.building import SHOP, add_order, insert, undone

from touchpoint.db import Database, Json, Transaction
from touchpoint.local.postgres import Server

CASES = yaml.safe_load((Path(__file__).parent / "not_dispatched.yaml").read_text())
ASIA = "Asia/Shanghai"


def local(text: str | None, zone: str) -> datetime | None:
    """A wall clock's time; of the two an autumn night shows, the second, as PostgreSQL takes it."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=1).astimezone(UTC) if text else None


def put(tx: Transaction, order: dict[str, Any], zone: str) -> None:
    paid = local(order["paid"], zone)
    made = local(order.get("made"), zone) or (paid or datetime(2026, 3, 9, tzinfo=UTC)) - timedelta(minutes=5)
    instants = {key: local(order[key], zone) for key in ("shipped_at", "closed_at", "finished_at") if key in order}
    payment = {"paid_at": paid, "payment_state": "paid" if paid else "none", "paid_minor": 1000 if paid else None}
    add_order(tx, order["id"], f"b-{order['id']}", made, kind=order.get("kind", "normal"), **payment, **instants)
    stamps = {"shop_id": SHOP, "order_id": order["id"], "modified_at": made, "known_at": made, "batch_id": 1}
    for number, left in enumerate(order.get("parcels", [])):
        at = local(left, zone)
        insert(tx, "facts.shipments", shipment_id=f"{order['id']}-{number}", shipped_at=at, **stamps)
    for number, (amount, state) in enumerate(order.get("refunds", [])):
        happened = {"happened_at": made + timedelta(minutes=9), "amount_minor": amount, "currency": "CNY"}
        insert(tx, "facts.refunds", refund_id=f"{order['id']}-{number}", state=state, **happened, **stamps)


def ask(tx: Transaction, now: datetime, zone: str = ASIA, cut_off: str = "16:00", **changes: Any) -> dict[str, Any]:
    asked = {"shop_id": SHOP, "as_of": now, "zone": zone, "cut_off": time.fromisoformat(cut_off)}
    found = tx.many("worklists/not_dispatched", **asked, entities=Json(changes.get("entities", ["order", "shipment"])))
    return {row["subject_id"]: [row["reason"], row["due_at"]] for row in found}


@pytest.fixture(scope="module")
def shared(server: Server) -> Iterator[Database]:
    """One database for all cases: each works in a transaction that is undone."""
    server.create_database("test_not_dispatched", template="template_touchpoint")
    database = Database(server.url("test_not_dispatched"))
    yield database
    database.close()


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_not_dispatched(shared: Database, case: dict[str, Any]) -> None:
    zone = case.get("zone", ASIA)
    now = local(case["now"], zone)
    assert now is not None
    asked = {key: case[key] for key in ("cut_off", "entities") if key in case}
    with undone(shared) as tx:
        for order in case["orders"]:
            put(tx, order, zone)
        found = ask(tx, now, zone, **asked)
    assert found == {order: [reason, local(due, zone)] for order, (reason, due) in case["expect"].items()}


def test_the_detail_holds_an_amount_and_no_person(shared: Database) -> None:
    with undone(shared) as tx:
        put(tx, {"id": "A", "paid": "2026-03-09 10:00"}, ASIA)
        asked = {"shop_id": SHOP, "as_of": datetime(2026, 3, 11, tzinfo=UTC), "zone": ASIA, "cut_off": time(16)}
        row = tx.many("worklists/not_dispatched", **asked, entities=Json(["shipment"]))[0]
    assert row["detail"] == {"paid_at": "2026-03-09T02:00:00Z", "amount_minor": 1000, "currency": "CNY"}
    assert row["customer_id"] == "b-A"


def expected(paid: datetime, cut_off: time, zone: ZoneInfo) -> datetime:
    """The rule, told by the wall clock alone."""
    shown = paid.astimezone(zone)
    tomorrow = shown.date() + timedelta(days=1)
    is_day_order = shown.time() < cut_off
    ends = datetime.combine(tomorrow, time(0) if is_day_order else cut_off)
    # Shown twice: the second time. Never shown: by the offset of before, which at midnight is the jump itself.
    instants = {ends.replace(tzinfo=zone, fold=fold).astimezone(UTC) for fold in (0, 1)}
    return min(paid + timedelta(hours=24), max(instants))


NIGHTS = [
    ("Europe/London", datetime(2026, 3, 28, tzinfo=UTC)),
    ("Europe/London", datetime(2026, 10, 24, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 11, 2, tzinfo=UTC)),
    ("America/Sao_Paulo", datetime(2018, 2, 16, tzinfo=UTC)),
    ("Asia/Shanghai", datetime(2026, 3, 9, tzinfo=UTC)),
]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=st.sampled_from(NIGHTS),
    paid_after=st.lists(st.integers(0, 3 * 24 * 60), min_size=1, max_size=12, unique=True),
    asked_after=st.integers(0, 5 * 24 * 60),
    cut_off=st.sampled_from([time(0), time(9, 30), time(16), time(23, 59)]),
)
def test_it_is_the_rule_of_the_wall_clock_on_any_day(
    shared: Database, where: tuple[str, datetime], paid_after: list[int], asked_after: int, cut_off: time
) -> None:
    zone, start = where
    now = start + timedelta(minutes=asked_after)
    paid = {f"o{minute}": start + timedelta(minutes=minute) for minute in paid_after}
    with undone(shared) as tx:
        for order_id, at in paid.items():
            add_order(tx, order_id, "b", at, paid_at=at, payment_state="paid", paid_minor=1000, item=None)
        found = ask(tx, now, zone, cut_off.strftime("%H:%M"))
    due = {order_id: expected(at, cut_off, ZoneInfo(zone)) for order_id, at in paid.items() if at <= now}
    assert {order_id: row[1] for order_id, row in found.items()} == {o: at for o, at in due.items() if at <= now}
