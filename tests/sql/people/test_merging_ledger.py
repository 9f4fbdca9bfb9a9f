"""Two customers who are one person: what either was told, held out of or has waiting counts for both, and stays."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from psycopg2.errors import UniqueViolation
from sqlalchemy.exc import IntegrityError
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_address,
    add_customer,
    add_order,
    identity_of,
    insert,
    make_campaign,
    make_policy,
    make_run,
    make_segments,
    make_shop,
    rows,
    scratched,
    undone,
)

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide import audience, plan, recompute
from touchpoint.decide.chance import draw_of
from touchpoint.facts import customers
from touchpoint.model import Run
from touchpoint.outbox import merged as outbox
from touchpoint.outbox.claim import judge
from touchpoint.outbox.enqueue import enqueue
from touchpoint.record.derived import Derived
from touchpoint.settings import Offer, Shop, load_tags

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SMS = {"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": {}}
EMAIL = {"provider": "smtp", "connection": "c", "sender": "a@lab.invalid", "sender_name": "Lab"}
LAB = make_shop(sms=SMS, email=EMAIL)
REMINDER = make_campaign()
A, B = identity_of("a"), identity_of("b")
MERGED = AS_OF + HOUR


def monthly(**holdout: Any) -> Campaign:
    """The monthly promotion as shipped, whose offer the lab makes too."""
    campaign = load_campaigns().by_id["monthly_promotion"]
    if holdout:
        campaign = campaign.model_copy(update={"holdout": campaign.holdout.model_copy(update=holdout)})
    if campaign.offer is None:
        return campaign
    terms = {"quota": 100, "from": "2026-01-01", "until": "2026-12-31"}
    return campaign.with_offer(
        Offer.model_validate({"id": campaign.offer.id, "text": campaign.offer.text, "shops": {SHOP: terms}})
    )


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all tests: each is undone at its end."""
    server.create_database("test_merging", template="template_touchpoint")
    database = Database(server.url("test_merging"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    """A transaction that is rolled back."""
    with undone(shared) as transaction:
        yield transaction


def store(tx: Transaction, run: Run, campaign: Campaign, shop: Shop = LAB) -> audience.Audience:
    relation = scratched(tx, run.as_of, run.run_no)
    derived = Derived(tx, shop, run.as_of, run.run_no, relation, make_segments(), load_tags())
    return audience.store(
        tx,
        run=run,
        shop=shop,
        campaign=campaign,
        relation=relation,
        segments=make_segments(),
        derived=derived,
    )


def decide(tx: Transaction, run: Run, *campaigns: Campaign, at: datetime | None = None, **policy: Any) -> plan.Plan:
    by_id = {campaign.id: campaign for campaign in campaigns}
    made = plan.decide(tx, run=run, shop=LAB, policy=make_policy(**policy), campaigns=by_id, at=at or run.as_of)
    enqueue(tx, run, made.enqueue)
    return made


def run_of(tx: Transaction, as_of: datetime, campaign: Campaign, **policy: Any) -> plan.Plan:
    run = make_run(tx, as_of)
    store(tx, run, campaign)
    return decide(tx, run, campaign, **policy)


def merge(tx: Transaction, from_id: str = "a", into_id: str = "b", at: datetime = MERGED) -> customers.Merged:
    return customers.merge(
        tx, shop_id=SHOP, from_id=from_id, into_id=into_id, who="an agent", note="told on the phone", at=at
    )


def settle(tx: Transaction, *campaigns: Campaign, at: datetime = MERGED) -> Counter[str]:
    by_id = {campaign.id: campaign for campaign in campaigns}
    return outbox.settle(tx, shop=LAB, identity=B, at=at, policy=make_policy(), campaigns=by_id)


def buyer(tx: Transaction, who: str, *, bought: datetime = AS_OF - 30 * DAY, kind: str = "email") -> None:
    """Someone who bought once and has agreed to be written to."""
    paid = {"paid_at": bought, "payment_state": "paid", "paid_minor": 1000, "finished_at": bought + DAY}
    add_order(tx, f"paid-{who}", who, bought - HOUR, **paid)
    consent = {"channel": "email", "purpose": "promotional", "is_granted": True, "method": "form"}
    hashed = add_address(tx, who, kind)
    insert(tx, "contact.consents", shop_id=SHOP, address_hash=hashed, happened_at=bought, known_at=bought, **consent)


def counted(made: plan.Plan, campaign: Campaign) -> dict[str, int]:
    return {kind: number for kind, number in made.counts[campaign.id].items() if number}


def test_a_reminder_sent_to_one_counts_for_the_caps_of_both(tx: Transaction) -> None:
    for who in "ab":
        add_address(tx, who)
    add_order(tx, "o-a", "a", AS_OF - HOUR)
    assert counted(run_of(tx, AS_OF, REMINDER), REMINDER) == {"candidates": 1, "enqueued": 1}
    add_order(tx, "o-b", "b", AS_OF + HOUR)
    apart = tx.connection.begin_nested()
    assert counted(run_of(tx, AS_OF + 2 * HOUR, REMINDER), REMINDER) == {"candidates": 1, "enqueued": 1}
    apart.rollback()
    merge(tx, at=AS_OF + HOUR)
    later = run_of(tx, AS_OF + 2 * HOUR, REMINDER)
    assert counted(later, REMINDER) == {"candidates": 1, "capped": 1}
    assert later.reasons[REMINDER.id] == {"capped: campaign_per_day": 1}


def test_a_touch_of_one_is_repeated_for_both_and_the_database_refuses_a_second(tx: Transaction) -> None:
    campaign = monthly(percent=0)
    buyer(tx, "a")
    assert counted(run_of(tx, AS_OF, campaign), campaign) == {"candidates": 1, "enqueued": 1}
    buyer(tx, "b", bought=AS_OF - 20 * DAY)
    merge(tx)
    later = run_of(tx, AS_OF + 3 * DAY, campaign)
    assert counted(later, campaign) == {"candidates": 1, "repeated": 1}
    touched = rows(tx, "SELECT * FROM ledger.touch")
    assert [touch["identity"] for touch in touched] == [A]  # as it was written
    second = {key: value for key, value in touched[0].items() if key != "touch_id"}
    with pytest.raises(IntegrityError) as refused, tx.connection.begin_nested():
        insert(tx, "ledger.touch", **{**second, "identity": B, "address_hash": "another"})
    assert isinstance(refused.value.orig, UniqueViolation)
    assert "merged identity" in str(refused.value.orig)
    insert(tx, "ledger.touch", **{**second, "identity": B, "address_hash": None, "decision": "capped", "reason": "x"})
    with pytest.raises(IntegrityError), tx.connection.begin_nested():  # nor by deciding it afresh
        rows(tx, "UPDATE ledger.touch SET decision = 'enqueued' WHERE decision = 'capped' RETURNING 1")


@pytest.mark.parametrize("held", ["a", "b"])
def test_who_was_held_out_as_either_stays_held_out_and_is_not_drawn_again(tx: Transaction, held: str) -> None:
    campaign = monthly(percent=100)
    buyer(tx, held)
    assert counted(run_of(tx, AS_OF, campaign), campaign) == {"candidates": 1, "held_out": 1}
    buyer(tx, "b" if held == "a" else "a", bought=AS_OF - 20 * DAY)
    merge(tx)
    draws = rows(tx, "SELECT * FROM ledger.holdout")
    next_month = run_of(tx, AS_OF + 30 * DAY, campaign)
    assert counted(next_month, campaign) == {"candidates": 1, "held_out": 1}
    assert rows(tx, "SELECT * FROM ledger.holdout") == draws
    again = {**draws[0], "identity": A if held == "b" else B, "draw": 0.5}
    with pytest.raises(IntegrityError, match="merged identity"), tx.connection.begin_nested():
        insert(tx, "ledger.holdout", **again)


def test_a_merged_persons_waiting_message_ends_where_the_other_is_held_out(tx: Transaction) -> None:
    draws = {who: draw_of(monthly().holdout.salt, who) for who in (A, B)}
    held, told = sorted(draws, key=lambda who: draws[who])
    campaign = monthly(percent=50 * sum(draws.values()))  # between the two
    buyer(tx, "a")
    buyer(tx, "b")
    assert counted(run_of(tx, AS_OF, campaign), campaign) == {"candidates": 2, "held_out": 1, "enqueued": 1}
    outbox.hold(tx, [A, B])
    merge(tx)
    assert settle(tx, campaign) == {"held_out": 1}
    assert rows(tx, "SELECT identity, state, reason FROM ledger.message") == [
        {"identity": told, "state": "cancelled", "reason": "held_out"}
    ]
    assert rows(tx, "SELECT identity, state FROM ledger.withheld_message") == [{"identity": held, "state": "waiting"}]
    # Freed by it, but the other touch of the same person speaks.
    assert counted(run_of(tx, AS_OF + 3 * DAY, campaign), campaign) == {"candidates": 1, "repeated": 1}


def test_of_two_messages_of_one_occasion_the_survivors_stays(tx: Transaction) -> None:
    campaign = monthly(percent=0)
    buyer(tx, "a")
    buyer(tx, "b")
    assert counted(run_of(tx, AS_OF, campaign), campaign) == {"candidates": 2, "enqueued": 2}
    merge(tx)
    assert settle(tx, campaign) == {"merged": 1}
    states = rows(tx, "SELECT identity, state, reason FROM ledger.message ORDER BY state")
    assert [(row["identity"], row["state"], row["reason"]) for row in states] == [
        (A, "cancelled", "merged"),
        (B, "waiting", None),
    ]


def test_of_two_messages_of_one_occasion_the_one_that_has_gone_counts(tx: Transaction) -> None:
    campaign = monthly(percent=0)
    buyer(tx, "a")
    buyer(tx, "b")
    run_of(tx, AS_OF, campaign)
    rows(tx, "UPDATE ledger.message SET state = 'accepted' WHERE identity = %(a)s RETURNING 1", a=A)
    merge(tx)
    assert settle(tx, campaign) == {"merged": 1}
    assert rows(tx, "SELECT state FROM ledger.message WHERE identity = %(b)s", b=B) == [{"state": "cancelled"}]


def test_two_reminders_that_wait_are_more_than_a_day_holds_and_one_waits_for_another_day(tx: Transaction) -> None:
    for who in "ab":
        add_address(tx, who)
        add_order(tx, f"o-{who}", who, AS_OF - HOUR)
    assert counted(run_of(tx, AS_OF, REMINDER), REMINDER) == {"candidates": 2, "enqueued": 2}
    merge(tx)
    assert settle(tx, REMINDER) == {"put_off": 1}
    today = AS_OF.astimezone(LAB.tz).date()
    planned = sorted(row["planned_on"] for row in rows(tx, "SELECT planned_on FROM ledger.message"))
    assert planned == [today - DAY, today]
    assert rows(tx, "SELECT DISTINCT state FROM ledger.message") == [{"state": "waiting"}]


def test_a_waiting_message_of_the_merged_one_knows_what_the_survivor_does(tx: Transaction) -> None:
    campaign = monthly(percent=0)
    buyer(tx, "a")
    buyer(tx, "b", bought=AS_OF - 900 * DAY)
    run_of(tx, AS_OF, campaign)
    merge(tx)
    assert settle(tx, campaign) == {}
    add_order(tx, "news", "b", MERGED + HOUR)
    waiting = rows(tx, "SELECT * FROM ledger.message")
    assert [row["identity"] for row in waiting] == [A]
    by_id = {campaign.id: campaign}
    judged = judge(tx, waiting, shop=LAB, at=MERGED + 2 * HOUR, campaigns=by_id, is_claim=False)
    assert judged
    assert rows(tx, "SELECT state, reason FROM ledger.message") == [{"state": "cancelled", "reason": "ordered_since"}]


def test_a_run_under_way_while_they_are_merged_decides_for_one_person(tx: Transaction) -> None:
    campaign = monthly(percent=0)
    buyer(tx, "a")
    buyer(tx, "b")
    run = make_run(tx, AS_OF)
    asked = store(tx, run, campaign)
    merge(tx)
    made = decide(tx, run, campaign, at=MERGED)
    assert counted(made, campaign) == {"candidates": 2, "enqueued": 1, "repeated": 1}
    assert [row["identity"] for row in rows(tx, "SELECT identity FROM ledger.touch")] == [B]
    assert rows(tx, "SELECT audience_hash FROM ledger.audience") == [{"audience_hash": asked.audience_hash}]
    assert counted(decide(tx, run, campaign, at=MERGED), campaign) == {"candidates": 2, "repeated": 2}


def test_two_orders_of_a_run_under_way_are_two_texts_of_one_person(tx: Transaction) -> None:
    for who in "ab":
        add_address(tx, who)
        add_order(tx, f"o-{who}", who, AS_OF - HOUR)
    run = make_run(tx, AS_OF)
    store(tx, run, REMINDER)
    merge(tx)
    assert counted(decide(tx, run, REMINDER, at=MERGED), REMINDER) == {"candidates": 2, "enqueued": 1, "outranked": 1}
    told = rows(tx, "SELECT message_id, customer_id FROM ledger.message")
    context = tx.many("outbox/context/order", message_ids=[told[0]["message_id"]], at=MERGED)
    assert [(row["first_order_id"], row["stage"]) for row in context] == [("o-a", "new")]


def test_audiences_of_before_are_the_same_and_the_ledger_counts_as_it_did(tx: Transaction) -> None:
    campaign = monthly()
    for who in "abcdef":
        buyer(tx, who)
        add_address(tx, who)
        add_order(tx, f"o-{who}", who, AS_OF - HOUR)
    before = {}
    for each in (campaign, REMINDER):
        run = make_run(tx, AS_OF)
        before[each.id] = (run, store(tx, run, each).audience_hash)
        decide(tx, run, each)
    merge(tx)
    merge(tx, "c", "d")
    merge(tx, "d", "b", MERGED + HOUR)
    for each in (campaign, REMINDER):
        run, hashed = before[each.id]
        relation = scratched(tx, AS_OF, run.run_no)
        derived = Derived(tx, LAB, AS_OF, run.run_no, relation, make_segments(), load_tags())
        told = {"run": run, "shop": LAB, "campaign": each, "relation": relation, "segments": make_segments()}
        asked = audience.ask(tx, **told, derived=derived)
        assert asked.audience_hash == hashed
        counts, _ = recompute.judge_as_of(
            tx, run=run, shop=LAB, policy=make_policy(), campaigns={each.id: each}, audiences={each.id: asked}
        )
        assert counts[each.id]["candidates"] == 6
        assert counts[each.id]["repeated"] == 0
    later = make_run(tx, MERGED + 2 * HOUR)
    people = store(tx, later, campaign).candidates
    assert [candidate.identity for candidate in people] == sorted([B, identity_of("e"), identity_of("f")], key=str)


def test_the_address_known_last_of_either_is_used_with_its_own_consent(tx: Transaction) -> None:
    buyer(tx, "a", bought=AS_OF - 20 * DAY)
    add_customer(tx, "b")
    old = add_address(tx, "b", "email", known_at=AS_OF - 3000 * DAY)
    refusal = {"channel": "email", "purpose": "promotional", "is_granted": False, "method": "form"}
    times = {"happened_at": AS_OF - 50 * DAY, "known_at": AS_OF - 50 * DAY}
    insert(tx, "contact.consents", shop_id=SHOP, address_hash=old, **refusal, **times)
    told = {"shop_id": SHOP, "customer_ids": ["b"]}
    assert [row["is_suppressed"] for row in tx.many("decide/addresses", **told, at=AS_OF)] == [False]
    merge(tx)
    of_before = tx.many("decide/addresses", **told, at=AS_OF)
    assert [(row["holder_id"], row["consents"]) for row in of_before] == [("b", {"promotional": False})]
    found = tx.many("decide/addresses", **told, at=MERGED)
    assert [(row["customer_id"], row["holder_id"], row["consents"]) for row in found] == [
        ("b", "a", {"promotional": True})
    ]
    campaign = monthly(percent=0)
    assert counted(run_of(tx, MERGED + HOUR, campaign), campaign) == {"candidates": 1, "enqueued": 1}
    message = rows(tx, "SELECT customer_id, identity FROM ledger.message")
    assert message == [{"customer_id": "a", "identity": B}]  # whose address it is: a claim finds it there
    insert(
        tx,
        "contact.suppressions",
        address_hash=found[0]["address_hash"],
        is_suppressed=True,
        reason="stop",
        happened_at=MERGED,
        known_at=MERGED,
    )
    assert [row["is_suppressed"] for row in tx.many("decide/addresses", **told, at=MERGED + HOUR)] == [True]


def test_a_stranger_at_an_address_the_merged_one_was_told_at_is_suppressed(tx: Transaction) -> None:
    campaign = monthly(percent=0)
    for who in "ab":
        buyer(tx, who)
    run_of(tx, AS_OF, campaign)
    merge(tx)
    at_a = rows(tx, "SELECT address, address_hash FROM contact.contact_points WHERE customer_id = 'a'")[0]
    paid = {"paid_at": AS_OF, "payment_state": "paid", "paid_minor": 1, "finished_at": AS_OF + HOUR}
    add_order(tx, "paid-c", "c", AS_OF, **paid)
    insert(tx, "contact.contact_points", shop_id=SHOP, customer_id="c", kind="email", known_at=AS_OF, **at_a)
    later = run_of(tx, AS_OF + 3 * DAY, campaign)
    assert counted(later, campaign) == {"candidates": 2, "repeated": 1, "suppressed": 1}
    assert later.reasons[campaign.id]["suppressed: same_address"] == 1


def test_the_orders_of_the_merged_ones_message_stay_covered(tx: Transaction) -> None:
    for who in "ab":
        add_customer(tx, who)
        add_address(tx, who)
    add_order(tx, "o-a", "a", AS_OF - HOUR)
    run_of(tx, AS_OF, REMINDER)
    merge(tx)
    run = make_run(tx, AS_OF + 2 * HOUR)
    assert store(tx, run, REMINDER).candidates == ()
    add_order(tx, "o-b", "b", AS_OF)
    message = rows(tx, "SELECT message_id FROM ledger.message")[0]["message_id"]
    rows(tx, "UPDATE ledger.message SET state = 'claimed', lease_until = now() RETURNING 1")
    widened = tx.count(
        "outbox/widen/order_unpaid", message_ids=[message], at=AS_OF + 2 * HOUR, closes_after=timedelta(days=1)
    )
    assert widened == 1  # one text for all open orders of the person
    assert {row["covered_id"] for row in rows(tx, "SELECT covered_id FROM ledger.touch_cover")} == {"o-a", "o-b"}


def test_what_was_told_before_counts_under_every_name(tx: Transaction) -> None:
    campaign = monthly(percent=0)
    for who in "ac":
        buyer(tx, who)
    run_of(tx, AS_OF, campaign)
    add_customer(tx, "b")
    told = {"realm": "live", "identities": [B], "from_on": (AS_OF - DAY).date(), "before": "infinity"}
    assert tx.many("decide/message_load", **told) == []
    merge(tx)
    merge(tx, "c", "b", MERGED + HOUR)
    assert [(row["identity"], row["messages"]) for row in tx.many("decide/message_load", **told)] == [(B, 2)]
    assert tx.many("decide/message_load", **{**told, "before": MERGED - timedelta(seconds=1)}) == []
    silent = rows(
        tx,
        "SELECT silent_touches FROM ledger.told_as_of('live', %(shop)s, 'monthly_promotion', 'promote', 'x', %(b)s,"
        " '-infinity', 'Asia/Shanghai', %(at)s)",
        shop=SHOP,
        b=B,
        at=MERGED + 2 * HOUR,
    )
    assert silent == [{"silent_touches": 2}]


def test_everybody_is_who_they_were_where_nobody_was_merged(tx: Transaction) -> None:
    someone = UUID(int=7)
    found = rows(
        tx,
        "SELECT facts.identity_of(%(i)s, 'infinity') AS person,"
        " ARRAY(SELECT identity FROM facts.identities_of(%(i)s, 'infinity')) AS names",
        i=someone,
    )
    assert found == [{"person": someone, "names": [someone]}]
