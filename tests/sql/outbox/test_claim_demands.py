"""Nothing is claimable that should not go: each demand of the claim is broken on its own, beside one that may go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.faults.world import AT, World, hashed, phone, shop
from tests.sql.decide.building import make_campaign
from tests.sql.outbox.conftest import Recorder

from touchpoint.campaigns.spec import Campaign
from touchpoint.clock import StoppedClock
from touchpoint.model import Channel
from touchpoint.outbox import stops

SMS = Channel.SMS


def test_a_message_that_may_go_goes(world: World, channel: Recorder) -> None:
    ids = world.add(3)
    tally = world.dispatch({SMS: channel})
    assert channel.messages == ids
    assert world.states() == {"accepted": 3}
    assert tally.as_dict() == {"accepted": 3, "claimed": 3}


def seat(**changed: str) -> str:
    """A statement that takes another seat, in which one thing differs from here."""
    columns = ("environment_id", "system_identifier", "database_oid", "data_directory", "timeline", "host", "port")
    values = ", ".join(changed.get(column, column) for column in columns)
    return (
        f"INSERT INTO ledger.environment ({', '.join(columns)})"
        f" SELECT {values} FROM ledger.environment ORDER BY seat_no DESC LIMIT 1"
    )


HELD: dict[str, dict[str, Any]] = {
    "before its first minute": {"message": {"not_before": AT + timedelta(minutes=1)}, "reason": None},
    "approval not answered": {"message": {"needs_approval": True}, "reason": "approval"},
    "planned for a day that has passed": {
        "message": {"planned_on": AT.date() - timedelta(days=1)},
        "reason": "planned_day_passed",
    },
    "gate not passed": {
        "sql": "UPDATE ledger.gate SET state = 'failed'",
        "reason": "gate_not_passed",
    },
    "no gate row": {"sql": "DELETE FROM ledger.gate", "reason": "gate_not_passed"},
    "facts too old": {
        "sql": f"UPDATE record.heads SET loaded_as_of = '{AT - timedelta(minutes=31)}'",
        "reason": "stale_facts",
    },
    "facts never loaded": {"sql": "DELETE FROM record.heads", "reason": "stale_facts"},
    "a copied database: another server": {
        "sql": seat(system_identifier="1"),
        "reason": "other_environment",
    },
    "a copied database: of the same server": {"sql": seat(database_oid="1"), "reason": "other_environment"},
    "a copied database: its server's data folder": {
        "sql": seat(data_directory="'/elsewhere'"),
        "reason": "other_environment",
    },
    "a server after a fail-over": {"sql": seat(timeline="7"), "reason": "other_environment"},
    "a server by another name": {"sql": seat(host="'db.example'"), "reason": "other_environment"},
    "a server at another port": {"sql": seat(port="6432"), "reason": "other_environment"},
    "a copied database: another installation": {
        "dispatch": {"environment_id": "00000000-0000-0000-0000-000000000001"},
        "reason": "other_environment",
    },
    "an installation without an id": {"dispatch": {"environment_id": None}, "reason": "other_environment"},
    "sending is off": {"dispatch": {"shop": shop(sending="off")}, "reason": "sending_off"},
    "quiet hours, before midnight": {
        "at": AT + timedelta(hours=12),
        "message": {"not_after": AT + timedelta(days=1)},
        "sql": f"UPDATE record.heads SET loaded_as_of = '{AT + timedelta(hours=12)}'",
        "reason": "quiet_hours",
    },
    "before the step's own hours": {"hours": {"not_before": "11:00"}, "reason": "quiet_hours"},
    "after the step's own hours": {"hours": {"not_after": "10:30"}, "reason": "quiet_hours"},
    "another shard": {"dispatch": {"shard": 0, "shards": 1_000_000}, "reason": None},
}


def with_hours(**hours: str) -> Campaign:
    """A campaign whose step has hours of its own."""
    return make_campaign(steps=[{"id": "remind", "channel": ["sms"], "template": "remind", **hours}])


def test_a_step_in_its_own_hours_goes(world: World, channel: Recorder) -> None:
    ids = world.add(1)
    world.dispatch({SMS: channel}, campaigns={"unpaid_reminder": with_hours(not_before="10:30", not_after="10:31")})
    assert channel.messages == ids


@pytest.mark.parametrize("case", HELD.values(), ids=HELD.keys())
def test_what_may_not_go_yet_stays_waiting_and_says_why(world: World, channel: Recorder, case: dict[str, Any]) -> None:
    world.add(1, **case.get("message", {}))
    if "sql" in case:
        world.sql(case["sql"])
    given = case.get("dispatch", {})
    if "hours" in case:
        given = {"campaigns": {"unpaid_reminder": with_hours(**case["hours"])}}
    tally = world.dispatch({SMS: channel}, case.get("at", AT), **given)
    assert channel.messages == []
    assert world.states() == {"waiting": 1}
    if case["reason"]:
        assert tally.held == {case["reason"]: 1}


@pytest.mark.parametrize(
    "scope",
    [
        {},
        {"shop_id": "stall"},
        {"campaign_id": "unpaid_reminder"},
        {"shop_id": "stall", "campaign_id": "unpaid_reminder"},
    ],
    ids=["everything", "the shop", "the campaign", "the campaign of this shop"],
)
def test_a_kill_switch_works_at_the_next_claim_until_it_is_taken_back(
    world: World, channel: Recorder, scope: dict[str, str]
) -> None:
    world.add(1)
    with world.db.transaction() as tx:
        stops.stop(tx, who="ops", note="wrong price", **scope)
    assert world.dispatch({SMS: channel}).held == {"stopped": 1}
    assert channel.messages == []
    with world.db.transaction() as tx:
        stops.resume(tx, who="ops", **scope)
        assert [row["is_stopped"] for row in stops.state(tx)] == [False]
    assert world.dispatch({SMS: channel})["accepted"] == 1


def test_a_kill_switch_of_another_scope_stops_nothing(world: World, channel: Recorder) -> None:
    world.add(1)
    with world.db.transaction() as tx:
        stops.stop(tx, who="ops", shop_id="other")
        stops.stop(tx, who="ops", campaign_id="other")
        stops.stop(tx, who="ops", shop_id="other", campaign_id="unpaid_reminder")
    assert world.dispatch({SMS: channel})["accepted"] == 1


def test_a_resumed_shop_stays_stopped_while_everything_is(world: World, channel: Recorder) -> None:
    world.add(1)
    with world.db.transaction() as tx:
        stops.stop(tx, who="ops")
        stops.resume(tx, who="ops", shop_id="stall")
    assert world.dispatch({SMS: channel}).held == {"stopped": 1}


def test_quiet_hours_end_with_the_first_legal_minute(world: World, channel: Recorder) -> None:
    world.add(1, not_after=AT + timedelta(days=2), planned_on=AT.date() + timedelta(days=1), max_staleness=None)
    before_eight = AT + timedelta(hours=21, minutes=29)  # 07:59 in the shop
    world.sql("UPDATE facts.orders SET closes_at = NULL")
    assert world.dispatch({SMS: channel}, before_eight).held == {"quiet_hours": 1}
    assert world.dispatch({SMS: channel}, before_eight + timedelta(minutes=1))["accepted"] == 1


SUPPRESS = (
    "INSERT INTO contact.suppressions (shop_id, address_hash, channel, is_suppressed, reason, happened_at, known_at)"
    " VALUES (%(shop)s, %(hash)s, %(channel)s, %(on)s, 'opt-out', %(at)s, %(at)s)"
)


@pytest.mark.parametrize("shop_id", ["stall", None])
@pytest.mark.parametrize("channel_name", ["sms", None])
def test_who_opted_out_between_decision_and_claim_hears_nothing(
    world: World, channel: Recorder, shop_id: str | None, channel_name: str | None
) -> None:
    world.add(2)
    world.sql(SUPPRESS, shop=shop_id, hash=hashed(phone(1)), channel=channel_name, on=True, at=AT + timedelta(days=9))
    tally = world.dispatch({SMS: channel})
    assert world.states() == {"accepted": 1, "cancelled: suppressed": 1}
    assert tally["cancelled"] == 1


def test_an_opt_out_for_another_channel_or_shop_or_taken_back_does_not_count(world: World, channel: Recorder) -> None:
    world.add(1)
    given = {"hash": hashed(phone(1)), "at": AT}
    world.sql(SUPPRESS, **given, shop="stall", channel="email", on=True)
    world.sql(SUPPRESS, **given, shop="other", channel="sms", on=True)
    world.sql(SUPPRESS, **given, shop="stall", channel="sms", on=True)
    world.sql(SUPPRESS, shop="stall", hash=hashed(phone(1)), channel="sms", on=False, at=AT + timedelta(seconds=1))
    assert world.dispatch({SMS: channel})["accepted"] == 1


CONSENT = (
    "INSERT INTO contact.consents (shop_id, address_hash, channel, purpose, is_granted, happened_at, known_at, method)"
    " VALUES ('stall', %(hash)s, 'sms', %(purpose)s, %(on)s, %(at)s, %(at)s, 'list')"
)


def test_promotional_needs_the_latest_consent_of_that_address_to_be_a_yes(world: World, channel: Recorder) -> None:
    world.add(4, purpose="promotional")
    for number, statements in {1: [True], 2: [True, False], 3: [False, True]}.items():
        for order, on in enumerate(statements):
            at = AT - timedelta(days=9 - order)
            world.sql(CONSENT, hash=hashed(phone(number)), purpose="promotional", on=on, at=at)
    world.dispatch({SMS: channel})
    assert [m.address for _, group in channel.groups for m in group] == [phone(1), phone(3)]
    assert world.states() == {"accepted": 2, "cancelled: no_consent": 2}


def test_transactional_follows_from_the_order_unless_it_was_refused(world: World, channel: Recorder) -> None:
    world.add(2)
    world.sql(CONSENT, hash=hashed(phone(2)), purpose="transactional", on=False, at=AT)
    world.dispatch({SMS: channel})
    assert world.states() == {"accepted": 1, "cancelled: no_consent": 1}


def test_an_address_that_was_forgotten_meanwhile_is_not_written_to(world: World, channel: Recorder) -> None:
    world.add(2)
    world.sql("DELETE FROM contact.contact_points WHERE customer_id = 'buyer-1'")
    world.dispatch({SMS: channel})
    assert world.states() == {"accepted": 1, "cancelled: no_address": 1}


def test_past_its_last_minute_a_message_expires_and_frees_its_order(world: World, channel: Recorder) -> None:
    world.add(1, not_after=AT)
    tally = world.dispatch({SMS: channel})
    assert (tally["expired"], channel.messages) == (1, [])
    assert world.states() == {"expired: not_after": 1}
    assert world.sql("SELECT release_reason FROM ledger.touch_cover") == [{"release_reason": "not_after"}]


def test_each_demand_is_counted_for_every_shard(world: World, channel: Recorder) -> None:
    world.add(10, needs_approval=True)
    assert world.dispatch({SMS: channel}, shard=0, shards=2).held == {"approval": 10}


def test_a_limit_ends_the_dispatch(world: World, channel: Recorder) -> None:
    world.add(10)
    world.dispatch({SMS: channel}, limit=4)
    assert world.states() == {"accepted": 4, "waiting": 6}


def test_the_clock_is_asked_and_no_other(world: World, channel: Recorder) -> None:
    world.add(1)
    world.dispatch({SMS: channel}, clock=StoppedClock(AT - timedelta(hours=1)))
    assert channel.messages == []
