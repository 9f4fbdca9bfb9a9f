"""Unknown is resolved, not guessed."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from tests.faults.world import AT, REALM, World
from tests.sql.outbox.conftest import Recorder

from touchpoint.model import Channel, SendResult, SendState
from touchpoint.outbox.resolve import resolve

SMS = Channel.SMS


def make_unknown(world: World, channel: Recorder, count: int = 1, **message: object) -> datetime:
    """Messages whose provider never answered; the real instant they were attempted."""
    world.add(count, **message)
    channel.answer = lambda m: SendResult(m.attempt_id, SendState.UNKNOWN, error_code="ReadTimeout")
    world.dispatch({SMS: channel})
    channel.answer = lambda m: SendResult(m.attempt_id, SendState.ACCEPTED)
    return world.sql("SELECT max(started_real_at) AS at FROM ledger.attempt")[0]["at"]


def ask(world: World, channel: Recorder, now: datetime, **more: bool) -> dict[str, int]:
    tally = resolve(
        world.db, realm=REALM, shop=world.shop, channels={SMS: channel}, clock=world.clock(), now=now, **more
    )
    return tally.as_dict()


MINUTE = timedelta(minutes=1)


def test_what_the_provider_has_is_accepted(world: World, channel: Recorder) -> None:
    sent = make_unknown(world, channel, 3)
    assert ask(world, channel, sent + 2 * MINUTE) == {"accepted": 3}
    assert world.states() == {"accepted": 3}
    assert {a.group_id for a in channel.asked} == {channel.groups[0][0]}
    assert all(a.address.startswith("+86190") for a in channel.asked)
    rows = world.sql("SELECT DISTINCT state, provider_ref FROM ledger.attempt")
    assert rows == [{"state": "accepted", "provider_ref": "late"}]


def test_it_is_asked_at_2_10_and_60_minutes_and_not_between(world: World, channel: Recorder) -> None:
    sent = make_unknown(world, channel)
    asked = []
    channel.groups.clear()  # the provider has nothing
    for minute in (1, 2, 3, 9, 10, 11, 59):
        before = len(channel.asked)
        ask(world, channel, sent + minute * MINUTE)
        asked.append((minute, len(channel.asked) - before))
    assert asked == [(1, 0), (2, 1), (3, 0), (9, 0), (10, 1), (11, 0), (59, 0)]
    assert world.states() == {"unknown: ReadTimeout": 1}


def test_absent_at_the_last_query_a_transactional_message_goes_once_more_and_no_more(
    world: World, channel: Recorder
) -> None:
    sent = make_unknown(world, channel)
    channel.groups.clear()
    assert ask(world, channel, sent + 60 * MINUTE) == {"waiting": 1}
    assert world.states() == {"waiting: resend": 1}
    sent = make_unknown(world, channel, 0)
    channel.groups.clear()
    assert ask(world, channel, sent + 60 * MINUTE) == {"abandoned": 1}
    assert [r["state"] for r in world.sql("SELECT state FROM ledger.attempt ORDER BY try_no")] == ["absent", "absent"]
    assert world.dispatch({SMS: channel})["claimed"] == 0


def test_past_its_last_minute_a_message_is_not_sent_once_more(world: World, channel: Recorder) -> None:
    sent = make_unknown(world, channel, not_after=AT + MINUTE)
    channel.groups.clear()
    world.sql("UPDATE ledger.message SET not_after = %(at)s", at=AT)
    assert ask(world, channel, sent + 60 * MINUTE) == {"abandoned": 1}


def test_a_promotional_message_that_stays_unknown_is_never_sent_again(world: World, channel: Recorder) -> None:
    world.add(1, purpose="promotional")
    world.sql(
        "INSERT INTO contact.consents (shop_id, address_hash, channel, purpose, is_granted, happened_at, known_at,"
        " method) SELECT shop_id, address_hash, 'sms', 'promotional', true, known_at, known_at, 'list'"
        " FROM contact.contact_points"
    )
    sent = make_unknown(world, channel, 0)
    channel.groups.clear()
    assert ask(world, channel, sent + 60 * MINUTE) == {"abandoned": 1}
    assert world.dispatch({SMS: channel})["claimed"] == 0


def test_a_query_that_fails_is_no_answer(world: World, channel: Recorder) -> None:
    sent = make_unknown(world, channel)
    channel.known = {}
    assert ask(world, channel, sent + 61 * MINUTE) == {}
    assert world.states() == {"unknown: ReadTimeout": 1}
    channel.known = None
    assert ask(world, channel, sent + 62 * MINUTE) == {"accepted": 1}


def test_it_can_be_asked_at_once_but_absent_is_final_no_sooner(world: World, channel: Recorder) -> None:
    sent = make_unknown(world, channel)
    found = list(channel.groups)
    channel.groups.clear()
    assert ask(world, channel, sent, force=True) == {"unknown": 1}
    channel.groups = found
    assert ask(world, channel, sent, force=True) == {"accepted": 1}


@pytest.mark.parametrize(("purpose", "end"), [("transactional", "unknown: ReadTimeout"), ("promotional", "abandoned")])
def test_where_nobody_can_be_asked_nothing_is_sent_again(
    world: World, channel: Recorder, purpose: str, end: str
) -> None:
    channel.can_query = False
    sent = make_unknown(world, channel)
    world.sql("UPDATE ledger.message SET purpose = %(purpose)s", purpose=purpose)
    assert ask(world, channel, sent + 59 * MINUTE) == {}
    ask(world, channel, sent + 60 * MINUTE)
    assert [state.partition(":")[0] for state in world.states()] == [end.partition(":")[0]]
    assert channel.asked == []
    assert world.dispatch({SMS: channel})["claimed"] == 0


def test_the_day_asked_about_is_the_utc_day_of_the_attempt(world: World, channel: Recorder) -> None:
    sent = make_unknown(world, channel)
    ask(world, channel, sent + 2 * MINUTE)
    assert channel.asked[0].started_on == sent.date()
