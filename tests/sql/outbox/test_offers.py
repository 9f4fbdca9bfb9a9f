"""Scarcity is real: nobody hears of an offer that is over or gone, and two dispatchers give no slot out twice."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError
from tests.faults.world import AT, World, shop
from tests.sql.outbox.conftest import Recorder

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database
from touchpoint.errors import RenderError
from touchpoint.model import Channel, SendResult, SendState
from touchpoint.outbox.claim import Scope, claim
from touchpoint.outbox.leases import LEASE
from touchpoint.outbox.sweep import sweep
from touchpoint.settings import Offer

SMS = Channel.SMS
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SHIPPED = load_campaigns().by_id["dormant_reactivation"]
CODES = {f"dormant_reactivation/zh-CN/{step}.asleep": f"SMS_{step}" for step in ("touch_1", "touch_2")}


@pytest.fixture
def world(database: Database) -> World:
    stall = shop()
    assert stall.sms is not None
    return World(database, stall.model_copy(update={"sms": stall.sms.model_copy(update={"templates": CODES})}))


def campaign(quota: int = 3, begins: str = "2026-11-01", ends: str = "2026-11-30", **changed: Any) -> Campaign:
    """The campaign as shipped, its offer on other terms in this shop."""
    terms = {"quota": quota, "from": begins, "until": ends}
    text = {"zh-CN": "全店九折", "en": "10 % off"}
    offer = Offer.model_validate({"id": "welcome_back", "text": text, "shops": {"stall": terms}})
    return SHIPPED.model_copy(update=changed).with_offer(offer)


def add(world: World, count: int, step: str = "touch_2", **changed: Any) -> list[int]:
    """Waiting messages about an order of 200 days ago; the second step makes the offer. All have agreed to them."""
    given = {"valid_while": ["no_order_since", "offer_open"], "campaign_id": SHIPPED.id, "variant": "asleep", **changed}
    ids = world.add(count, purpose="promotional", step=step, template=step, **given)
    world.sql(
        "UPDATE ledger.message SET offer_id = 'welcome_back' WHERE step = 'touch_2' AND message_id = ANY(%(ids)s)",
        ids=ids,
    )
    past = AT - 200 * DAY
    world.sql("UPDATE facts.orders SET created_at = %(at)s, paid_at = %(at)s, known_at = %(at)s", at=past)
    world.sql(
        "INSERT INTO contact.consents (shop_id, address_hash, channel, purpose, is_granted, happened_at, known_at,"
        " method) SELECT 'stall', address_hash, 'sms', 'promotional', true, %(at)s, %(at)s, 'form'"
        " FROM contact.contact_points"
        " ON CONFLICT DO NOTHING",
        at=past,
    )
    return ids


def dispatch(world: World, channel: Recorder, spec: Campaign | None = None, **changed: Any) -> Any:
    return world.dispatch({SMS: channel}, campaigns={SHIPPED.id: spec or campaign()}, **changed)


def slots(world: World) -> list[tuple[int, bool]]:
    """Slots ever given, and whether each is held."""
    found = world.sql("SELECT slot, released_at IS NULL AS held FROM ledger.offer_grant ORDER BY grant_id")
    return [(row["slot"], row["held"]) for row in found]


def test_so_many_as_the_quota_hear_of_it_and_the_others_never(world: World, channel: Recorder) -> None:
    add(world, 5)
    dispatch(world, channel)
    assert world.states() == {"accepted": 3, "cancelled: offer_gone": 2}
    assert slots(world) == [(1, True), (2, True), (3, True)]
    assert all("全店九折，共3份，截至11月30日" in message.text for _, group in channel.groups for message in group)
    add(world, 1)
    dispatch(world, channel)
    assert world.states() == {"accepted": 3, "cancelled: offer_gone": 3}


def test_the_teaser_needs_no_slot(world: World, channel: Recorder) -> None:
    add(world, 4, "touch_1")
    dispatch(world, channel, campaign(quota=1))
    assert (world.states(), slots(world)) == ({"accepted": 4}, [])


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ({"ends": "2026-11-20"}, {"accepted": 1}),  # the last day belongs to it
        ({"ends": "2026-11-19"}, {"cancelled: offer_over": 1}),
        ({"ends": "2026-11-20 10:31"}, {"accepted": 1}),
        ({"ends": "2026-11-20 10:30"}, {"cancelled: offer_over": 1}),
        ({"begins": "2026-11-20 10:30"}, {"accepted": 1}),
        ({"begins": "2026-11-20 10:31"}, {"waiting: offer_not_begun": 1}),
        ({"begins": "2026-11-21"}, {"cancelled: offer_over": 1}),  # it would begin after the message has ended
    ],
)
def test_it_is_open_by_the_shop_s_own_days(
    world: World, channel: Recorder, terms: dict[str, str], expected: dict[str, int]
) -> None:
    add(world, 1)
    dispatch(world, channel, campaign(**terms))
    assert world.states() == expected


def test_a_message_put_off_goes_when_the_offer_begins(world: World, channel: Recorder) -> None:
    add(world, 1)
    later = campaign(begins="2026-11-20 12:00")
    assert dispatch(world, channel, later)["claimed"] == 0
    world.sql("UPDATE record.heads SET loaded_as_of = %(at)s", at=AT + 2 * HOUR)
    dispatch(world, channel, later, clock=world.clock(AT + 2 * HOUR))
    assert world.states() == {"accepted": 1}


@pytest.mark.parametrize("parameters", [{"offer": "another"}, {"offer": "none"}, {"offer_step": "touch_1"}])
def test_what_the_file_no_longer_offers_is_not_promised(
    world: World, channel: Recorder, parameters: dict[str, str]
) -> None:
    add(world, 1)
    told = {**SHIPPED.audience.parameters, **parameters}
    changed = campaign(audience=SHIPPED.audience.model_copy(update={"parameters": told}))
    offer = Offer.model_validate({"id": "another", "text": {"zh-CN": "x"}, "shops": {"stall": _TERMS}})
    dispatch(world, channel, changed.with_offer(offer) if "offer" in parameters else changed)
    assert world.states() == {"cancelled: offer_over": 1}


_TERMS = {"quota": 9, "from": "2026-11-01", "until": "2026-11-30"}


def test_a_message_enqueued_before_its_step_made_the_offer_does_not_promise_it(world: World, channel: Recorder) -> None:
    add(world, 1)
    world.sql("UPDATE ledger.message SET offer_id = NULL")
    with pytest.raises(RenderError, match=r"body\.txt: 'offer' is undefined|sms\.txt: 'offer' is undefined"):
        dispatch(world, channel)
    assert world.states() == {"waiting: render_error": 1}


# What ends without having gone gives its slot back


def test_a_refused_message_gives_its_slot_to_the_next(world: World, channel: Recorder) -> None:
    add(world, 1)
    channel.answer = lambda message: SendResult(message.attempt_id, SendState.REJECTED, error_code="no")
    dispatch(world, channel, campaign(quota=1))
    assert slots(world) == [(1, False)]
    add(world, 1)
    channel.answer = lambda message: SendResult(message.attempt_id, SendState.ACCEPTED, "ref")
    dispatch(world, channel, campaign(quota=1))
    assert (world.states(), slots(world)) == ({"accepted": 1, "rejected: no": 1}, [(1, False), (1, True)])


def test_unknown_and_abandoned_keep_theirs(world: World, channel: Recorder) -> None:
    add(world, 1)
    channel.answer = lambda message: SendResult(message.attempt_id, SendState.UNKNOWN)
    dispatch(world, channel, campaign(quota=1))
    world.sql("UPDATE ledger.message SET state = 'abandoned' WHERE state = 'unknown'")
    add(world, 1)
    channel.answer = lambda message: SendResult(message.attempt_id, SendState.ACCEPTED, "ref")
    dispatch(world, channel, campaign(quota=1))
    assert (world.states(), slots(world)) == ({"abandoned": 1, "cancelled: offer_gone": 1}, [(1, True)])


def test_a_message_tried_again_has_its_slot_already(world: World, channel: Recorder) -> None:
    add(world, 1)
    channel.answer = lambda message: SendResult(message.attempt_id, SendState.RETRYABLE, error_code="busy")
    dispatch(world, channel, campaign(quota=1))
    assert (world.states(), slots(world)) == ({"waiting: busy": 1}, [(1, True)])
    add(world, 1)
    channel.answer = lambda message: SendResult(message.attempt_id, SendState.ACCEPTED, "ref")
    dispatch(world, channel, campaign(quota=1), clock=world.clock(AT + timedelta(minutes=2)))
    assert (world.states(), slots(world)) == ({"accepted": 1, "cancelled: offer_gone": 1}, [(1, True)])


@pytest.mark.parametrize("how", ["expired", "opted_out", "ordered"])
def test_however_it_ends_before_it_went_the_slot_is_free(world: World, channel: Recorder, how: str) -> None:
    [message] = add(world, 1)
    channel.answer = lambda message: SendResult(message.attempt_id, SendState.RETRYABLE, error_code="busy")
    dispatch(world, channel)
    at = AT + timedelta(minutes=2)
    if how == "expired":
        at = AT + 8 * HOUR
    elif how == "opted_out":
        world.sql("UPDATE contact.consents SET is_granted = false")
    else:
        world.sql("UPDATE facts.orders SET created_at = %(at)s, known_at = %(at)s", at=at)
    dispatch(world, channel, clock=world.clock(at))
    reasons = {
        "expired": "expired: not_after",
        "opted_out": "cancelled: no_consent",
        "ordered": "cancelled: ordered_since",
    }
    assert world.states([message]) == {reasons[how]: 1}
    assert slots(world) == [(1, False)]


def test_a_lowered_quota_gives_nothing_out_though_numbers_are_free(world: World, channel: Recorder) -> None:
    add(world, 3)
    dispatch(world, channel)
    world.sql("UPDATE ledger.message SET state = 'rejected', reason = 'later' WHERE message_id = 1")
    assert slots(world) == [(1, False), (2, True), (3, True)]
    add(world, 1)
    dispatch(world, channel, campaign(quota=2))
    assert world.states()["cancelled: offer_gone"] == 1
    add(world, 1)
    dispatch(world, channel, campaign(quota=3))
    assert slots(world)[-1] == (1, True)


# Two at once


def scope(world: World, spec: Campaign, shard: int) -> Scope:
    return Scope("live", world.shop, world.policy, world.environment_id, {spec.id: spec}, shard, 2, LEASE)


def test_two_dispatchers_at_once_never_exceed_the_quota(world: World) -> None:
    add(world, 40)
    spec, start = campaign(quota=7), threading.Barrier(2)
    claimed: list[int] = []

    def take(shard: int) -> None:
        start.wait()
        for _ in range(10):
            with world.db.transaction() as tx:
                found, _ = claim(tx, scope(world, spec, shard), SMS, at=AT, size=2)
            claimed.extend(each.message_id for each in found)

    threads = [threading.Thread(target=take, args=(shard,)) for shard in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(claimed) == len(set(claimed)) == 7
    assert world.states() == {"cancelled: offer_gone": 33, "claimed": 7}
    assert sorted(slot for slot, _ in slots(world)) == list(range(1, 8))


def test_a_claim_waits_for_the_one_before_it_and_sees_what_that_gave_out(world: World) -> None:
    add(world, 2)
    spec, second = campaign(quota=1), threading.Event()
    found: list[Any] = []

    def other() -> None:
        with world.db.transaction() as tx:
            second.set()
            found.append(claim(tx, scope(world, spec, 1), SMS, at=AT, size=9)[0])

    with world.db.transaction() as tx:
        mine, _ = claim(tx, scope(world, spec, 0), SMS, at=AT, size=9)
        thread = threading.Thread(target=other)
        thread.start()
        second.wait()
        thread.join(timeout=0.3)
        assert thread.is_alive()  # it waits for our commit
    thread.join()
    assert (len(mine), found) == (1, [[]])


def test_without_the_lock_the_database_itself_refuses_the_second(world: World) -> None:
    first, second = add(world, 2)
    grant = (
        "INSERT INTO ledger.offer_grant (realm, shop_id, offer_id, slot, message_id, granted_at)"
        " VALUES ('live', 'stall', 'welcome_back', 1, %(id)s, %(at)s)"
    )
    world.sql(grant, id=first, at=AT)
    with pytest.raises(IntegrityError):
        world.sql(grant, id=second, at=AT)


def test_realms_shops_and_offers_have_slots_of_their_own(world: World, channel: Recorder) -> None:
    [message] = add(world, 1)
    for realm, place, offer in (
        ("test", "stall", "welcome_back"),
        ("live", "other", "welcome_back"),
        ("live", "stall", "x"),
    ):
        world.sql(
            "INSERT INTO ledger.offer_grant (realm, shop_id, offer_id, slot, message_id, granted_at, released_at)"
            " SELECT %(realm)s, %(place)s, %(offer)s, 1, %(id)s, %(at)s, NULL",
            realm=realm, place=place, offer=offer, id=add(world, 1, "touch_1")[0], at=AT,
        )  # fmt: skip
    dispatch(world, channel, campaign(quota=1))
    assert world.states([message]) == {"accepted": 1}


# The sweep, and campaigns that are off


def swept(world: World, campaigns: dict[str, Campaign]) -> None:
    with world.db.transaction() as tx:
        sweep(tx, realm="live", shop=world.shop, at=AT, policy=world.policy, campaigns=campaigns)


def test_the_sweep_ends_what_waits_for_an_offer_that_is_over_and_gives_nothing_out(world: World) -> None:
    add(world, 2)
    swept(world, {SHIPPED.id: campaign(quota=1)})
    assert (world.states(), slots(world)) == ({"waiting": 2}, [])
    swept(world, {SHIPPED.id: campaign(ends="2026-11-19")})
    assert world.states() == {"cancelled: offer_over": 2}


def test_messages_of_a_campaign_that_is_off_wait_and_go_on_when_it_is_on_again(world: World, channel: Recorder) -> None:
    add(world, 2)
    for campaigns in ({}, {SHIPPED.id: campaign(enabled=False)}):
        swept(world, campaigns)
        tally = world.dispatch({SMS: channel}, campaigns=campaigns)
        assert (tally["claimed"], tally.held) == (0, {"campaign_off": 2})
    dispatch(world, channel)
    assert world.states() == {"accepted": 2}


def test_a_step_taken_out_of_its_file_waits_as_well(world: World, channel: Recorder) -> None:
    add(world, 1)
    given = {**SHIPPED.audience.parameters, "offer_step": "touch_1"}
    told = SHIPPED.audience.model_copy(update={"parameters": given})
    assert dispatch(world, channel, campaign(steps=SHIPPED.steps[:1], audience=told)).held == {"campaign_off": 1}


def test_in_realm_test_a_campaign_is_tried_before_it_is_enabled(world: World, channel: Recorder) -> None:
    add(world, 1)
    world.sql("UPDATE ledger.message SET realm = 'test'")
    assert dispatch(world, channel, campaign(enabled=False), realm="test")["accepted"] == 1


def test_a_campaign_that_is_off_takes_no_room_of_a_day_it_cannot_use(world: World) -> None:
    add(world, 1)
    world.sql("UPDATE ledger.message SET planned_on = planned_on - 1")
    for campaigns, moved in (({}, 0), ({SHIPPED.id: campaign(enabled=False)}, 0), ({SHIPPED.id: campaign()}, 1)):
        with world.db.transaction() as tx:
            tally = sweep(tx, realm="live", shop=world.shop, at=AT, policy=world.policy, campaigns=campaigns)
        assert tally["replanned"] == moved


# An order since


ORDER = (
    "INSERT INTO facts.orders (shop_id, order_id, customer_no, created_at, total_minor, currency, modified_at,"
    " known_at, batch_id) SELECT 'stall', 'new', customer_no, %(made)s, 100, 'CNY', %(made)s, %(known)s, 2"
    " FROM facts.customers"
)


@pytest.mark.parametrize(
    ("made", "known", "is_cancelled"),
    [
        (AT - HOUR, AT - HOUR, False),  # the decision knew it
        (AT - HOUR, AT + timedelta(minutes=1), True),  # made before the decision, learned after it
        (AT + timedelta(minutes=1), AT + timedelta(minutes=1), True),
        (AT + 3 * HOUR, AT + 3 * HOUR, False),  # a rehearsal's facts know the future
    ],
)
def test_an_order_the_decision_did_not_know_cancels(
    world: World, channel: Recorder, made: Any, known: Any, is_cancelled: bool
) -> None:
    add(world, 1)
    world.sql(ORDER, made=made, known=known)
    dispatch(world, channel, clock=world.clock(AT + timedelta(minutes=2)))
    assert world.states() == ({"cancelled: ordered_since": 1} if is_cancelled else {"accepted": 1})


def test_an_order_known_then_and_changed_since_is_no_new_one(world: World, channel: Recorder) -> None:
    add(world, 1)
    world.sql(ORDER, made=AT - DAY, known=AT + timedelta(minutes=1))
    world.sql(
        "INSERT INTO facts.orders_history (shop_id, order_id, customer_no, created_at, source, kind, payment_state,"
        " total_minor, currency, modified_at, known_at, batch_id, known_from, known_until) SELECT shop_id, order_id,"
        " customer_no, created_at, source, kind, payment_state, total_minor, currency, modified_at, %(at)s, batch_id,"
        " %(at)s, %(until)s FROM facts.orders WHERE order_id = 'new'",
        at=AT - DAY,
        until=AT + timedelta(minutes=1),
    )
    dispatch(world, channel, clock=world.clock(AT + timedelta(minutes=2)))
    assert world.states() == {"accepted": 1}


def test_an_order_under_another_account_of_the_same_person_cancels_too(world: World, channel: Recorder) -> None:
    add(world, 1)
    world.sql(
        "INSERT INTO facts.customers (shop_id, customer_id, identity, identity_from, known_at)"
        " SELECT 'stall', 'second account', identity, 'phone', known_at FROM facts.customers"
    )
    world.sql(f"{ORDER} WHERE customer_id = 'second account'", made=AT, known=AT + timedelta(minutes=1))
    dispatch(world, channel, clock=world.clock(AT + timedelta(minutes=2)))
    assert world.states() == {"cancelled: ordered_since": 1}
