"""Two that work on the outbox at once never wait for each other for ever: real connections, each stopped half way."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest
from tests.faults.world import AT, REALM, World
from tests.sql.outbox.conftest import Recorder

from touchpoint.clock import stopwatch
from touchpoint.db import Database
from touchpoint.decide import plan
from touchpoint.model import Channel, SendResult, SendState
from touchpoint.outbox import claim, leases, settle, sweep
from touchpoint.outbox.claim import Scope

SMS = Channel.SMS
PATIENCE = 30.0


def wait_until_somebody_waits(world: World) -> None:
    """Until a connection of this database is held up by another, whichever lock it is."""
    begun = stopwatch()
    while stopwatch() - begun < PATIENCE:
        [row] = world.sql(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        if row["n"]:
            return
    raise AssertionError("nobody waits")


@pytest.fixture
def other(world: World) -> Any:
    """Another process's connection to the same database."""
    opened = Database(world.db.url)
    yield opened
    opened.close()


def test_a_sweep_that_frees_an_order_and_a_claim_that_takes_it_in_both_end(
    world: World, other: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    paid, late = world.add(2)
    world.sql("UPDATE facts.orders SET paid_at = %(at)s, payment_state = 'paid' WHERE order_id = 'order-1'", at=AT)
    # The other order is the same buyer's: its own reminder comes too late, so that this one may speak of it.
    world.sql(
        "UPDATE facts.orders AS orders SET customer_no = first.customer_no FROM facts.customers AS first"
        " WHERE orders.order_id = 'order-2' AND first.customer_id = 'buyer-1'"
    )
    world.sql("UPDATE ledger.message SET not_after = %(at)s WHERE message_id = %(late)s", at=AT, late=late)
    scope = Scope(REALM, world.shop, world.policy, world.environment_id, {}, 0, 1, leases.LEASE)
    claimed, judge = Event(), claim.judge

    def judge_once_somebody_waits(tx: Any, rows: Any, **given: Any) -> Any:
        claimed.set()
        wait_until_somebody_waits(world)
        return judge(tx, rows, **given)

    monkeypatch.setattr(claim, "judge", judge_once_somebody_waits)

    def claiming() -> tuple[int, int]:
        with world.db.transaction() as tx:
            taken, gone = claim.claim(tx, scope, SMS, at=AT, size=100)
        return len(taken), gone["cancelled"]

    def sweeping() -> dict[str, int]:
        assert claimed.wait(PATIENCE)
        with other.transaction() as tx:
            plan.lock(tx, realm=REALM, shop_id=world.shop.id)
            return sweep.sweep(tx, realm=REALM, shop=world.shop, at=AT, policy=world.policy).as_dict()

    with ThreadPoolExecutor(2) as pool:
        claims: Future[tuple[int, int]] = pool.submit(claiming)
        sweeps = pool.submit(sweeping)
        assert claims.result(PATIENCE * 2) == (0, 1)
        assert sweeps.result(PATIENCE * 2) == {"expired": 1}
    assert world.states([paid, late]) == {"cancelled: paid": 1, "expired: not_after": 1}


def test_a_late_answer_and_the_one_who_takes_its_messages_back_both_end(
    world: World, other: Database, channel: Recorder
) -> None:
    ids = world.add(2)
    channel.answer = lambda m: SendResult(m.attempt_id, SendState.UNKNOWN, error_code="ReadTimeout")
    world.dispatch({SMS: channel})
    world.sql("UPDATE ledger.message SET state = 'sending', lease_until = clock_timestamp()")
    world.sql("UPDATE ledger.attempt SET state = 'open'")
    [group] = [messages for _, messages in channel.groups]
    results = [SendResult(message.attempt_id, SendState.ACCEPTED) for message in group]

    def settling() -> int:
        with other.transaction() as tx:
            return settle.settle(tx, results, at=AT)["accepted"]

    # Settling stops at its first attempt, and has it in hand, as it may be stopped anywhere.
    world.sql(
        "CREATE FUNCTION stop_here() RETURNS trigger LANGUAGE plpgsql"
        " AS 'BEGIN PERFORM pg_advisory_lock(77), pg_advisory_unlock(77); RETURN NEW; END'"
    )
    world.sql("CREATE TRIGGER stop BEFORE UPDATE ON ledger.attempt FOR EACH ROW EXECUTE FUNCTION stop_here()")
    with ThreadPoolExecutor(2) as pool:
        with world.db.transaction() as tx:
            world._sql(tx, "SELECT pg_advisory_xact_lock(77)")
            settles = pool.submit(settling)
            wait_until_somebody_waits(world)
            recovers = pool.submit(leases.recover, world.db, realm=REALM, shop=world.shop, clock=world.clock())
            wait_until_two_wait_or_one_is_done(world, recovers)
        assert settles.result(PATIENCE) == 2
        assert recovers.result(PATIENCE)["unknown"] == 0, "the answer was there first"
    assert world.states(ids) == {"accepted": 2}


def wait_until_two_wait_or_one_is_done(world: World, done: Future[Any]) -> None:
    begun = stopwatch()
    while stopwatch() - begun < PATIENCE and not done.done():
        [row] = world.sql(
            "SELECT count(*) AS n FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        if row["n"] >= 2:
            return
