"""An unpaid reminder speaks of what is unpaid when it is claimed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.faults.world import AT, World
from tests.sql.outbox.conftest import Recorder

from touchpoint.campaigns.load import load_campaigns
from touchpoint.model import Channel, Purpose
from touchpoint.outbox.claim import claim
from touchpoint.outbox.dispatch import Scope
from touchpoint.outbox.leases import LEASE
from touchpoint.outbox.sweep import sweep
from touchpoint.settings import Caps

SMS = Channel.SMS
REALM = "live"
NEW_ORDER = (
    "INSERT INTO facts.orders (shop_id, order_id, customer_no, created_at, closes_at, paid_at, kind, payment_state,"
    " total_minor, currency, modified_at, known_at, batch_id)"
    " SELECT 'stall', %(id)s, customer_no, %(at)s, %(at)s::timestamptz + interval '1 day', %(paid_at)s, %(kind)s,"
    " %(payment)s, 5000, 'CNY', %(at)s, %(at)s, 2 FROM facts.customers WHERE customer_id = %(buyer)s"
)


def order(world: World, order_id: str, buyer: str = "buyer-1", **changes: object) -> None:
    given = {"at": AT - timedelta(minutes=2), "paid_at": None, "kind": "normal", "payment": "none", **changes}
    world.sql(NEW_ORDER, id=order_id, buyer=buyer, **given)


def covers(world: World) -> dict[str, str | None]:
    rows = world.sql("SELECT covered_id, release_reason FROM ledger.touch_cover ORDER BY covered_id, touch_cover.ctid")
    return {row["covered_id"]: row["release_reason"] for row in rows}


def pay(world: World, order_id: str, at: object = AT) -> None:
    world.sql("UPDATE facts.orders SET paid_at = %(at)s WHERE order_id = %(id)s", at=at, id=order_id)


def test_paid_before_the_claim_is_cancelled_and_its_order_free(world: World, channel: Recorder) -> None:
    world.add(2)
    pay(world, "order-1")
    world.dispatch({SMS: channel})
    assert world.states() == {"accepted": 1, "cancelled: paid": 1}
    assert covers(world) == {"order-1": "paid", "order-2": None}


def test_closed_before_the_claim_is_cancelled(world: World, channel: Recorder) -> None:
    world.add(2)
    world.sql("UPDATE facts.orders SET closed_at = %(at)s WHERE order_id = 'order-1'", at=AT)
    world.sql("UPDATE facts.orders SET closes_at = %(at)s WHERE order_id = 'order-2'", at=AT)
    world.dispatch({SMS: channel})
    assert world.states() == {"cancelled: closed": 2}


def test_an_order_without_a_closing_time_closes_as_the_shop_s_do(world: World, channel: Recorder) -> None:
    world.add(1)
    order(world, "old", at=AT - timedelta(days=9))
    world.sql("UPDATE facts.orders SET closes_at = NULL")
    world.dispatch({SMS: channel})
    assert covers(world) == {"order-1": None}
    world.add(1)
    world.sql("UPDATE facts.orders SET closes_at = NULL, created_at = %(at)s", at=AT - timedelta(hours=24))
    world.dispatch({SMS: channel})
    assert world.states() == {"accepted": 1, "cancelled: closed": 1}


def test_paid_later_than_the_business_clock_is_not_paid_yet(world: World, channel: Recorder) -> None:
    world.add(1)
    pay(world, "order-1", AT + timedelta(seconds=1))
    assert world.dispatch({SMS: channel})["accepted"] == 1


def test_a_payment_under_way_cancels(world: World, channel: Recorder) -> None:
    world.add(1)
    world.sql("UPDATE facts.orders SET payment_state = 'under_way'")
    world.dispatch({SMS: channel})
    assert world.states() == {"cancelled: payment_under_way": 1}


def test_the_same_item_paid_in_a_later_order_cancels(world: World, channel: Recorder) -> None:
    world.add(1)
    order(world, "later", paid_at=AT)
    world.sql(
        "INSERT INTO facts.order_lines (shop_id, order_id, line_id, product_id, quantity, net_minor, currency,"
        " modified_at, known_at, batch_id) VALUES ('stall', 'later', '1', 'product-1', 1, 1, 'CNY', %(at)s, %(at)s, 1)",
        at=AT,
    )
    world.dispatch({SMS: channel})
    assert world.states() == {"cancelled: paid_other_order": 1}


def test_open_orders_made_since_are_spoken_of_too(world: World, channel: Recorder) -> None:
    world.add(1)
    order(world, "since")
    order(world, "not yet made", at=AT + timedelta(minutes=1))
    order(world, "cod", kind="cash_on_delivery")
    order(world, "paid", paid_at=AT)
    order(world, "paying", payment="under_way")
    world.dispatch({SMS: channel})
    assert covers(world) == {"order-1": None, "since": None}
    [(_, [message])] = channel.groups
    assert "2笔订单" in message.text


def test_one_paid_and_one_made_since_still_goes_about_the_second(world: World, channel: Recorder) -> None:
    world.add(1)
    pay(world, "order-1")
    order(world, "since")
    world.dispatch({SMS: channel})
    assert world.states() == {"accepted": 1}
    assert covers(world) == {"order-1": "paid", "since": None}


def test_an_order_another_text_speaks_of_stays_with_that_one(world: World, channel: Recorder) -> None:
    world.add(1)
    order(world, "elsewhere")
    world.add(1)
    world.sql("UPDATE ledger.touch_cover SET covered_id = 'elsewhere' WHERE covered_id = 'order-2'")
    world.sql("UPDATE facts.orders SET closes_at = NULL")
    world.dispatch({SMS: channel})
    owners = world.sql("SELECT touch_id FROM ledger.touch_cover WHERE covered_id = 'elsewhere'")
    assert len(owners) == 1


def test_two_shards_adding_the_same_order_give_it_to_one_text(world: World) -> None:
    world.add(2)
    world.sql("UPDATE facts.customers SET identity = (SELECT min(identity::text)::uuid FROM facts.customers)")
    world.sql("UPDATE ledger.message SET identity = (SELECT min(identity::text)::uuid FROM facts.customers)")
    order(world, "since")
    scope = Scope(REALM, world.shop, world.policy, world.environment_id, {}, 0, 1, LEASE)
    with world.db.transaction() as tx:
        claimed, _ = claim(tx, scope, SMS, at=AT, size=10)
    assert sorted(c.context["order_count"] for c in claimed if c.context) == [1, 2]


def test_the_sweep_cancels_before_deciding_and_takes_nothing_in(world: World) -> None:
    world.add(3)
    pay(world, "order-1")
    order(world, "since")
    world.sql("UPDATE ledger.message SET not_after = %(at)s WHERE customer_id = 'buyer-2'", at=AT)
    with world.db.transaction() as tx:
        tally = sweep(tx, realm=REALM, shop=world.shop, at=AT, policy=world.policy)
    assert tally.as_dict() == {"cancelled": 1, "expired": 1}
    assert world.states() == {"cancelled: paid": 1, "expired: not_after": 1, "waiting": 1}
    assert covers(world) == {"order-1": "paid", "order-2": "not_after", "order-3": None}


def test_the_sweep_leaves_a_message_that_was_claimed_meanwhile(world: World, channel: Recorder) -> None:
    world.add(1)
    pay(world, "order-1", AT + timedelta(minutes=1))
    world.dispatch({SMS: channel})
    with world.db.transaction() as tx:
        sweep(tx, realm=REALM, shop=world.shop, at=AT + timedelta(minutes=2), policy=world.policy)
    assert world.states() == {"accepted": 1}


YESTERDAY = AT.date() - timedelta(days=1)


def replanned(world: World, per_day: int, per_week: int | None = None, **more: Any) -> int:
    caps = {p.value: Caps(per_day=per_day, per_week=per_week) for p in Purpose}
    policy = world.policy.model_copy(update={"caps": caps})
    with world.db.transaction() as tx:
        return sweep(tx, realm=REALM, shop=world.shop, at=AT, policy=policy, **more)["replanned"]


def test_a_message_that_missed_its_day_is_planned_for_today(world: World, channel: Recorder) -> None:
    world.add(1, planned_on=YESTERDAY)
    assert world.dispatch({SMS: channel}).held == {"planned_day_passed": 1}
    assert replanned(world, per_day=1) == 1
    assert world.dispatch({SMS: channel})["accepted"] == 1


def test_one_put_off_to_a_later_day_takes_no_room_before_it(world: World) -> None:
    later = AT + timedelta(days=1)
    world.add(1, planned_on=YESTERDAY, not_before=later, not_after=later + timedelta(days=1))
    world.add(1, planned_on=YESTERDAY, not_after=later + timedelta(days=2))
    world.sql("UPDATE ledger.message SET identity = (SELECT min(identity::text)::uuid FROM ledger.message)")
    assert replanned(world, per_day=1) == 1
    [row] = world.sql("SELECT planned_on FROM ledger.message WHERE not_before < %(at)s", at=AT)
    assert row["planned_on"] == AT.date()


def test_a_full_day_keeps_it_waiting(world: World, channel: Recorder) -> None:
    world.add(1, planned_on=YESTERDAY)
    world.add(1)
    world.sql("UPDATE ledger.message SET identity = (SELECT min(identity::text)::uuid FROM ledger.message)")
    assert replanned(world, per_day=1) == 0
    assert replanned(world, per_day=2, per_week=1) == 0
    assert replanned(world, per_day=2, per_week=2) == 1


def test_the_campaign_s_own_limit_counts_too(world: World) -> None:
    world.add(1, planned_on=YESTERDAY)
    world.add(1)
    world.sql("UPDATE ledger.message SET identity = (SELECT min(identity::text)::uuid FROM ledger.message)")
    campaigns = load_campaigns().by_id
    assert campaigns["unpaid_reminder"].limits.per_day == 1
    assert replanned(world, per_day=5, campaigns=campaigns) == 0
    assert replanned(world, per_day=5) == 1


def test_two_that_missed_their_day_do_not_take_the_same_slot(world: World) -> None:
    world.add(2, planned_on=YESTERDAY)
    world.sql("UPDATE ledger.message SET identity = (SELECT min(identity::text)::uuid FROM ledger.message)")
    assert replanned(world, per_day=1) == 1


def test_a_held_out_touch_fills_a_promotional_day_and_no_transactional_one(world: World) -> None:
    world.add(1, planned_on=YESTERDAY)
    world.add(1, planned_on=YESTERDAY, purpose="promotional")
    world.sql(CONSENT)
    world.sql(
        "WITH touches AS (INSERT INTO ledger.touch (realm, shop_id, campaign_id, step, occasion, identity, customer_id,"
        " decision, decided_as_of, decided_dag_id, decided_run_no) SELECT realm, shop_id, 'other', step, occasion,"
        " identity, customer_id, 'held_out', %(at)s, 'daily', decided_run_no FROM ledger.touch RETURNING *)"
        " INSERT INTO ledger.withheld_message (realm, shop_id, touch_id, campaign_id, step, purpose, channel, identity,"
        " customer_id, address_kind, address_hash, template, locale, not_before, not_after, planned_on,"
        " enqueued_run_no, enqueued_as_of, state_at) SELECT touches.realm, touches.shop_id, touches.touch_id, 'other',"
        " touches.step, 'promotional', 'sms', identity, told.customer_id, 'phone', told.address_hash, 'x', 'zh-CN',"
        " %(at)s, told.not_after, '2026-11-20', decided_run_no, %(at)s, %(at)s"
        " FROM touches INNER JOIN ledger.message AS told USING (identity)",
        at=AT,
    )
    assert replanned(world, per_day=1) == 1
    assert [r["purpose"] for r in world.sql("SELECT purpose FROM ledger.message WHERE planned_on = '2026-11-20'")] == [
        "transactional"
    ]


CONSENT = (
    "INSERT INTO contact.consents (shop_id, address_hash, channel, purpose, is_granted, happened_at, known_at, method)"
    " SELECT shop_id, address_hash, 'sms', 'promotional', true, known_at, known_at, 'list' FROM contact.contact_points"
)
