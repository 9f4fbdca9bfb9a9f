"""Claim, then send, then settle: whatever dies in between, nobody gets anything twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import DBAPIError
from tests.faults.world import AT, REALM, RENDERER, World
from tests.sql.outbox.conftest import Recorder

from touchpoint import statements
from touchpoint.errors import ChannelError
from touchpoint.model import Channel, Outgoing, SendResult, SendState
from touchpoint.outbox import leases, settle
from touchpoint.outbox.claim import Scope, claim
from touchpoint.outbox.compose import compose, groups
from touchpoint.outbox.tally import message_counts

SMS, EMAIL = Channel.SMS, Channel.EMAIL


class Died(BaseException):
    """The process is gone: nobody catches this."""


def scope(world: World) -> Scope:
    return Scope(REALM, world.shop, world.policy, world.environment_id, {}, 0, 1, leases.LEASE)


def in_hand(world: World, size: int = 100) -> list[Any]:
    with world.db.transaction() as tx:
        return claim(tx, scope(world), SMS, at=AT, size=size)[0]


def drafts(world: World, claimed: list[Any]) -> list[Any]:
    return compose(claimed, shop=world.shop, renderer=RENDERER, at=AT).drafts


def started(world: World, claimed: list[Any], group_id: str = "g") -> list[Outgoing]:
    with world.db.transaction() as tx:
        return settle.start(
            tx, drafts(world, claimed), group_id=group_id, provider="recorder", at=AT, lease=leases.LEASE
        )


def settled(world: World, *results: SendResult) -> dict[str, int]:
    with world.db.transaction() as tx:
        return settle.settle(tx, results, at=AT)


def answer(message: Outgoing, state: SendState, code: str | None = None) -> SendResult:
    return SendResult(message.attempt_id, state, error_code=code)


def test_attempts_are_committed_before_the_provider_is_called(world: World, channel: Recorder) -> None:
    world.add(3)
    seen: list[dict[str, Any]] = []
    channel.before = lambda: seen.extend(
        world.sql("SELECT state, group_id, address_hash, provider, try_no FROM ledger.attempt")
    )
    world.dispatch({SMS: channel})
    assert {row["state"] for row in seen} == {"open"}
    assert {row["group_id"] for row in seen} == {channel.groups[0][0]}
    assert len(seen) == 3


def test_one_call_carries_one_template_at_most_a_group_and_no_address_twice(world: World, channel: Recorder) -> None:
    world.add(150)
    world.add(10, variant="loyal")
    world.dispatch({SMS: channel})
    sizes = sorted(len(group) for _, group in channel.groups)
    assert sizes == [10, 50, 100]
    assert all(len({m.template_code for m in group}) == 1 for _, group in channel.groups)


def test_two_messages_to_one_address_are_in_two_groups(world: World) -> None:
    world.add(2)
    ready = drafts(world, in_hand(world))
    for draft in ready:
        draft.claimed.row["address_hash"] = "same"
    assert [len(group) for group in groups(ready, 100)] == [1, 1]


def test_killed_before_the_attempts_are_committed_it_goes_later(world: World, channel: Recorder) -> None:
    ids = world.add(2)
    in_hand(world)
    assert world.states() == {"claimed": 2}
    assert world.dispatch({SMS: channel})["claimed"] == 0  # the lease still holds
    world.lapse()
    assert leases.recover(world.db, realm=REALM, shop=world.shop, clock=world.clock()).as_dict() == {"waiting": 2}
    world.dispatch({SMS: channel})
    assert channel.messages == ids


def test_killed_after_the_attempts_are_committed_it_is_unknown_and_never_sent_again(
    world: World, channel: Recorder
) -> None:
    world.add(2)

    def die() -> None:
        raise Died

    channel.before = die
    with pytest.raises(Died):
        world.dispatch({SMS: channel})
    assert world.states() == {"sending": 2}
    world.lapse()
    channel.before = lambda: None
    assert world.dispatch({SMS: channel})["unknown"] == 2
    assert channel.messages == []
    assert world.states() == {"unknown: lease_lapsed": 2}
    assert {row["state"] for row in world.sql("SELECT state FROM ledger.attempt")} == {"unknown"}


def test_a_dispatcher_that_lost_its_lease_cannot_start(world: World) -> None:
    world.add(2)
    slow = in_hand(world)
    world.lapse()
    assert started(world, slow) == []
    leases.recover(world.db, realm=REALM, shop=world.shop, clock=world.clock())
    fast = in_hand(world)
    assert started(world, slow) == []
    assert len(started(world, fast)) == 2


def test_a_settle_with_an_older_token_changes_nothing(world: World) -> None:
    world.add(1)
    [message] = started(world, in_hand(world))
    world.lapse()
    leases.recover(world.db, realm=REALM, shop=world.shop, clock=world.clock())
    world.sql("UPDATE ledger.message SET state = 'waiting'")  # as the resolver does, once
    in_hand(world)
    assert settled(world, answer(message, SendState.ACCEPTED)) == {}
    assert world.states() == {"claimed": 1}


def test_an_answer_after_the_lease_still_resolves_what_is_unknown(world: World) -> None:
    world.add(1)
    [message] = started(world, in_hand(world))
    world.lapse()
    leases.recover(world.db, realm=REALM, shop=world.shop, clock=world.clock())
    settled(world, answer(message, SendState.ACCEPTED))
    assert world.states() == {"accepted": 1}


def test_results_are_settled_recipient_by_recipient(world: World, channel: Recorder) -> None:
    world.add(6)
    told = {
        "+8619000000001": lambda m: answer(m, SendState.REJECTED, "isv.MOBILE_NUMBER_ILLEGAL"),
        "+8619000000002": lambda m: answer(m, SendState.RETRYABLE, "busy"),
        "+8619000000003": lambda m: answer(m, SendState.UNKNOWN, "ReadTimeout"),
        "+8619000000004": lambda m: None,
        "+8619000000005": lambda m: answer(m, SendState.PAUSED, "balance"),
    }
    taken = channel.answer
    channel.answer = lambda m: told.get(m.address, taken)(m)
    world.dispatch({SMS: channel})
    assert world.states() == {
        "accepted": 1,
        "rejected: isv.MOBILE_NUMBER_ILLEGAL": 1,
        "unknown: ReadTimeout": 1,
        "unknown: no_answer": 1,
        "waiting: paused: balance": 1,
        "waiting: busy": 1,
    }
    with world.db.transaction() as tx:
        counts = message_counts(tx, realm=REALM, shop_id="stall")
    assert counts == {
        "messages": 6, "waiting": 2, "accepted": 1, "rejected": 1, "expired": 0, "cancelled": 0, "unknown": 2
    }  # fmt: skip
    assert counts.pop("messages") == sum(counts.values())


def test_what_was_surely_not_sent_waits_longer_each_time_and_is_given_up(world: World, channel: Recorder) -> None:
    [message_id] = world.add(1, max_staleness=None)
    channel.answer = lambda m: answer(m, SendState.RETRYABLE, "refused")
    at, waits = AT, []
    for _ in range(len(settle.WAITS)):
        world.dispatch({SMS: channel}, at)
        after = world.sql("SELECT not_before FROM ledger.message")[0]["not_before"]
        waits.append(after - at)
        at = after
    assert tuple(waits) == settle.WAITS
    world.dispatch({SMS: channel}, at)
    assert world.states() == {"rejected: gave_up: refused": 1}
    assert channel.messages == [message_id] * 6
    assert [r["try_no"] for r in world.sql("SELECT try_no FROM ledger.attempt ORDER BY try_no")] == [1, 2, 3, 4, 5, 6]


def test_a_paused_channel_is_left_alone_and_costs_no_try(world: World, channel: Recorder) -> None:
    world.add(250, max_staleness=None)
    channel.answer = lambda m: answer(m, SendState.PAUSED, "isv.AMOUNT_NOT_ENOUGH")
    for hour in range(4):
        world.dispatch({SMS: channel}, AT + timedelta(hours=hour))
    assert len(channel.groups) == 4
    channel.answer = lambda m: answer(m, SendState.ACCEPTED)
    assert world.dispatch({SMS: channel}, AT + timedelta(hours=5))["accepted"] == 250


def test_a_provider_that_answers_for_nobody_is_left_alone(world: World, channel: Recorder) -> None:
    world.add(500)
    channel.answer = lambda m: answer(m, SendState.UNKNOWN, "ReadTimeout")
    world.dispatch({SMS: channel})
    assert world.states() == {"unknown: ReadTimeout": 100, "waiting": 400}


def test_without_time_for_another_try_a_message_expires(world: World, channel: Recorder) -> None:
    world.add(1, not_after=AT + timedelta(seconds=30))
    channel.answer = lambda m: answer(m, SendState.RETRYABLE, "refused")
    world.dispatch({SMS: channel})
    assert world.states() == {"expired: no_time_to_retry": 1}


def test_words_under_no_template_code_are_named_and_wait(world: World, channel: Recorder) -> None:
    assert world.shop.sms is not None
    codes = {key: code for key, code in world.shop.sms.templates.items() if not key.endswith("loyal")}
    world.shop = world.shop.model_copy(update={"sms": world.shop.sms.model_copy(update={"templates": codes})})
    world.add(2, variant="loyal")
    world.add(3)
    with pytest.raises(ChannelError, match=r"no template code for unpaid_reminder/zh-CN/remind\.loyal"):
        world.dispatch({SMS: channel})
    assert world.states() == {"accepted": 3, "waiting: no_template_code": 2}


def test_a_channel_that_breaks_leaves_its_group_unknown_and_the_task_red(world: World, channel: Recorder) -> None:
    world.add(250)

    def break_down() -> None:
        raise RuntimeError

    channel.before = break_down
    with pytest.raises(RuntimeError):
        world.dispatch({SMS: channel})
    assert world.states() == {"unknown: channel_failed": 100, "waiting": 150}


def test_what_is_handed_over_is_ours_for_longer_than_its_channel_may_take(world: World, channel: Recorder) -> None:
    world.add(1)
    channel.longest_send = timedelta(minutes=15)
    held = []

    def look() -> None:
        held.extend(world.sql("SELECT state, lease_until - clock_timestamp() AS time FROM ledger.message"))

    channel.before = look
    world.dispatch({SMS: channel})
    assert [row["state"] for row in held] == ["sending"]
    assert held[0]["time"] > channel.longest_send


def test_what_went_is_remembered_as_a_hash(world: World, channel: Recorder) -> None:
    world.add(1)
    world.dispatch({SMS: channel})
    [row] = world.sql(
        "SELECT rendered_at, length(rendered_hash) AS digest, template_version, segments, cost_minor"
        " FROM ledger.message"
    )
    assert (row["rendered_at"], row["digest"], row["segments"], row["cost_minor"]) == (AT, 64, 1, 5)
    assert row["template_version"]


def test_both_channels_are_dispatched(world: World) -> None:
    world.add(3)
    world.add(2, channel="email")
    sms, email = Recorder(), Recorder(group_size=20)
    world.dispatch({SMS: sms, EMAIL: email})
    assert (len(sms.messages), len(email.messages)) == (3, 2)
    assert email.groups[0][1][0].address.endswith("@sandbox.invalid")


# Two at once -----------------------------------------------------------------------------------------------------


def test_two_dispatchers_at_once_never_send_twice(world: World) -> None:
    ids = world.add(600)
    channels = [Recorder(20), Recorder(20)]
    barrier = threading.Barrier(2)
    errors: list[BaseException] = []

    def work(channel: Recorder) -> None:
        barrier.wait()
        try:
            world.dispatch({SMS: channel})
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=[channel]) for channel in channels]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert sorted(channels[0].messages + channels[1].messages) == ids
    assert world.states() == {"accepted": 600}


def claims_of_two(world: World) -> tuple[list[int], list[int]]:
    """What two dispatchers claim while neither has committed."""
    taken: list[list[int]] = []
    with world.db.transaction() as first, world.db.transaction() as second:
        for tx in (first, second):
            tx.connection.exec_driver_sql("SET LOCAL lock_timeout = '300ms'")
            taken.append([c.message_id for c in claim(tx, scope(world), SMS, at=AT, size=5)[0]])
    return taken[0], taken[1]


def test_a_claim_passes_over_what_another_has_in_hand(world: World) -> None:
    ids = world.add(8)
    first, second = claims_of_two(world)
    assert (first, second) == (ids[:5], ids[5:])


def test_guard_a_claim_without_its_lock_is_caught(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(8)
    doctor(monkeypatch, "outbox/claim", "FOR UPDATE OF messages SKIP LOCKED", "")
    with pytest.raises(DBAPIError, match="lock timeout"):
        claims_of_two(world)


def test_guard_a_start_without_its_fence_sends_twice(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.add(1)
    slow = in_hand(world)
    world.lapse()
    leases.recover(world.db, realm=REALM, shop=world.shop, clock=world.clock())
    fast = in_hand(world)
    doctor(monkeypatch, "outbox/start", "AND messages.lease_token = given_messages.lease_token", "")
    doctor(monkeypatch, "outbox/start", "AND messages.state = 'claimed'", "")
    assert len(started(world, fast)) + len(started(world, slow, "h")) == 2


def doctor(monkeypatch: pytest.MonkeyPatch, name: str, part: str, instead: str) -> None:
    """Let a statement be run without one of its parts."""
    load = statements.load
    whole = load(name)
    assert part in whole.text
    doctored = statements.Statement(name, whole.text.replace(part, instead), whole.header, whole.params)
    monkeypatch.setattr(statements, "load", lambda asked: doctored if asked == name else load(asked))


def test_synchronous_commit_is_on(world: World) -> None:
    assert world.sql("SHOW synchronous_commit") == [{"synchronous_commit": "on"}]


def test_an_unused_channel_kind_waits(world: World, channel: Recorder) -> None:
    world.add(1, channel="email")
    world.dispatch({SMS: channel})
    assert world.states() == {"waiting": 1}


def test_one_group_at_most_is_between_attempt_and_settling(world: World, channel: Recorder) -> None:
    world.add(300)
    open_ones: list[int] = []
    channel.before = lambda: open_ones.append(
        world.sql("SELECT count(*) AS n FROM ledger.message WHERE state = 'sending'")[0]["n"]
    )
    world.dispatch({SMS: channel})
    assert open_ones == [100, 100, 100]
