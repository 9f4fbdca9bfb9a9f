"""What people held out would have got goes through the outbox as messages do, and is withheld where they are sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.faults.world import AT, World
from tests.sql.outbox.conftest import Recorder

from touchpoint.errors import RenderError
from touchpoint.model import Channel, SendResult, SendState

DAY = timedelta(days=1)


def test_nothing_frees_who_was_held_out_once_others_were_sent_to(world: World, channel: Recorder) -> None:
    """One claim takes both arms: a message is sent, the other withheld, and neither is freed after it."""
    told, held = world.add(2)
    world.withhold(held)
    tally = world.dispatch({Channel.SMS: channel})
    assert channel.messages == [told]
    assert tally.as_dict() == {"accepted": 1, "claimed": 1, "withheld": 1}
    later = world.dispatch({Channel.SMS: channel}, at=AT + DAY)
    assert later.as_dict() == {}
    states = world.sql("SELECT state FROM ledger.outbox ORDER BY state")
    assert [row["state"] for row in states] == ["accepted", "withheld"]
    assert world.sql("SELECT * FROM ledger.freed_round") == []


def test_a_channel_in_trouble_withholds_nothing_either(world: World, channel: Recorder) -> None:
    _, held = world.add(2)
    world.withhold(held)
    channel.answer = lambda message: SendResult(message.attempt_id, SendState.PAUSED, None, "no_balance")
    world.dispatch({Channel.SMS: channel})
    assert world.sql("SELECT state, lease_until FROM ledger.withheld_message") == [
        {"state": "waiting", "lease_until": None}
    ]


def test_words_that_fail_hold_both_arms_back(world: World, channel: Recorder) -> None:
    """Else, while a template was broken, whoever is held out would be past freeing and the others would expire."""
    _, held = world.add(2, template="nonexistent")
    world.withhold(held)
    with pytest.raises(RenderError):
        world.dispatch({Channel.SMS: channel})
    assert world.sql("SELECT DISTINCT state, reason FROM ledger.outbox") == [
        {"state": "waiting", "reason": "render_error"}
    ]


def test_a_claim_whose_dispatcher_died_gives_back_who_was_held_out_too(world: World, channel: Recorder) -> None:
    [held] = world.add(1)
    world.withhold(held)
    world.sql(
        "UPDATE ledger.withheld_message SET state = 'claimed', lease_token = 1,"
        " lease_until = clock_timestamp() - interval '1 second'"
    )
    assert world.dispatch({Channel.SMS: channel}).as_dict() == {"waiting": 1, "withheld": 1}


@pytest.mark.parametrize("is_held_out", [False, True])
def test_both_arms_end_by_the_same_statements(world: World, channel: Recorder, is_held_out: bool) -> None:
    paid, late = world.add(2)
    if is_held_out:
        world.withhold(paid, late)
    world.sql("UPDATE facts.orders SET payment_state = 'paid', paid_at = created_at WHERE order_id = 'order-1'")
    world.sql(
        "UPDATE ledger.outbox SET not_after = not_before + interval '1 minute' WHERE message_id = %(id)s", id=late
    )
    world.dispatch({Channel.SMS: channel})
    states = world.sql("SELECT is_held_out, state, reason FROM ledger.outbox ORDER BY message_id")
    assert states == [
        {"is_held_out": is_held_out, "state": "cancelled", "reason": "paid"},
        {"is_held_out": is_held_out, "state": "expired", "reason": "not_after"},
    ]
    freed = world.sql("SELECT reason, round FROM ledger.freed_round ORDER BY reason")
    assert freed == [{"reason": "not_after", "round": 1}, {"reason": "paid", "round": 1}]
    assert world.sql("SELECT count(*) AS n FROM ledger.touch_cover WHERE released_as_of IS NULL") == [{"n": 0}]
    assert channel.messages == []
