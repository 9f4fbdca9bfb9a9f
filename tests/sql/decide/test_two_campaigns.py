"""Two real campaigns want the same people: in one run, in two runs at once, day after day."""

from __future__ import annotations

import threading
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_address,
    add_order,
    insert,
    make_policy,
    make_run,
    make_segments,
    make_shop,
    rows,
    scratched,
)

from touchpoint.campaigns.load import load_campaigns
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide import audience, plan
from touchpoint.model import Run
from touchpoint.outbox.enqueue import enqueue
from touchpoint.record.derived import Derived
from touchpoint.settings import Offer, load_tags

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EMAIL = {"provider": "smtp", "connection": "c", "sender": "a@lab.invalid", "sender_name": "Lab"}
LAB = make_shop(email=EMAIL)
LOADED = load_campaigns().by_id
PEOPLE = [f"p{number:02}" for number in range(30)]


def of_the_lab(campaign_id: str) -> Campaign:
    """A campaign as shipped, whose offer the lab makes too."""
    campaign = LOADED[campaign_id]
    assert campaign.offer is not None
    terms = {"quota": 100, "from": "2026-01-01", "until": "2026-12-31"}
    told = {"id": campaign.offer.id, "text": campaign.offer.text, "shops": {SHOP: terms}}
    return campaign.with_offer(Offer.model_validate(told))


WAKING, MONTHLY = of_the_lab("dormant_reactivation"), of_the_lab("monthly_promotion")


@pytest.fixture
def asleep(database: Database) -> Database:
    """Thirty people who bought last 200 days ago, and have agreed to be written to."""
    with database.transaction() as tx:
        for number, who in enumerate(PEOPLE):
            paid = AS_OF - 200 * DAY
            done = {"paid_at": paid, "payment_state": "paid", "paid_minor": 1000 + number, "finished_at": paid + DAY}
            add_order(tx, f"o-{who}", who, paid - HOUR, **done)
            consent = {"channel": "email", "purpose": "promotional", "is_granted": True, "method": "form"}
            times = {"happened_at": paid, "known_at": paid}
            insert(tx, "contact.consents", shop_id=SHOP, address_hash=add_address(tx, who, "email"), **consent, **times)
    return database


def store(tx: Transaction, run: Run, *campaigns: Campaign) -> None:
    relation = scratched(tx, run.as_of, run.run_no)
    derived = Derived(tx, LAB, run.as_of, run.run_no, relation, make_segments(), load_tags())
    for campaign in campaigns:
        told: dict[str, Any] = {"run": run, "shop": LAB, "campaign": campaign, "relation": relation}
        audience.store(tx, **told, segments=make_segments(), derived=derived)


def decide(tx: Transaction, run: Run, *campaigns: Campaign) -> plan.Plan:
    by_id = {campaign.id: campaign for campaign in campaigns}
    made = plan.decide(tx, run=run, shop=LAB, policy=make_policy(), campaigns=by_id, at=run.as_of)
    enqueue(tx, run, made.enqueue)
    return made


def whole(db: Database, as_of: datetime, *campaigns: Campaign, dag: str = "touchpoints_daily__lab") -> plan.Plan:
    with db.transaction() as tx:
        run = make_run(tx, as_of, dag_id=dag, cadence="daily")
        store(tx, run, *campaigns)
        return decide(tx, run, *campaigns)


def load(db: Database) -> Counter[tuple[str, str]]:
    """Messages, and touches held out, per person and planned day: read from the tables, not by decide's statement."""
    with db.transaction() as tx:
        found = rows(
            tx,
            "SELECT customer_id, planned_on::text AS day FROM ledger.message WHERE state <> 'cancelled' UNION ALL"
            " SELECT customer_id, detail ->> 'planned_on' FROM ledger.touch JOIN ledger.decision USING (touch_id)"
            " WHERE ledger.decision.decision = 'held_out'",
        )
    return Counter((row["customer_id"], row["day"]) for row in found)


def assert_caps_hold(db: Database) -> None:
    days = load(db)
    assert max(days.values()) == 1  # a promotion a day
    for who in PEOPLE:
        mine = sorted(datetime.fromisoformat(day) for name, day in days if name == who)
        assert all(
            later - first >= 7 * DAY for first, later in zip(mine, mine[3:], strict=False)
        )  # three in seven days


def test_in_one_run_one_of_them_has_each_person_and_every_candidate_is_accounted_for(asleep: Database) -> None:
    made = whole(asleep, AS_OF, WAKING, MONTHLY)
    monthly, waking = made.counts[MONTHLY.id], made.counts[WAKING.id]
    assert (monthly["candidates"], waking["candidates"]) == (30, 30)
    assert monthly["enqueued"] + monthly["held_out"] == 30
    assert waking["outranked"] == 30  # those held out of the other are silent as well
    assert monthly["held_out"] > 0
    assert_caps_hold(asleep)


def test_who_lost_yesterday_has_a_turn_when_the_caps_allow(asleep: Database) -> None:
    whole(asleep, AS_OF, WAKING, MONTHLY)
    same_day = whole(asleep, AS_OF + HOUR, WAKING).counts[WAKING.id]
    assert same_day["capped"] == same_day["candidates"] == 30
    next_day = whole(asleep, AS_OF + DAY, WAKING).counts[WAKING.id]
    assert next_day["enqueued"] + next_day["held_out"] == 30
    for days in range(2, 12):
        whole(asleep, AS_OF + days * DAY, WAKING, MONTHLY)
    assert_caps_hold(asleep)


def test_two_dags_deciding_at_once_share_the_day(asleep: Database) -> None:
    """Each holds its audience already; then both decide at the same time."""
    runs = []
    with asleep.transaction() as tx:
        for name, campaign in (("daily", WAKING), ("monthly", MONTHLY)):
            run = make_run(tx, AS_OF, dag_id=f"touchpoints_{name}__lab", cadence=name)
            store(tx, run, campaign)
            runs.append((run, campaign))
    start, made = threading.Barrier(2), {}

    def decide_one(run: Run, campaign: Campaign) -> None:
        start.wait()
        with asleep.transaction() as tx:
            made[campaign.id] = decide(tx, run, campaign).counts[campaign.id]

    threads = [threading.Thread(target=decide_one, args=each) for each in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = {name: (found["enqueued"] + found["held_out"], found["capped"]) for name, found in made.items()}
    assert sorted(told.values()) == [(0, 30), (30, 0)]
    assert_caps_hold(asleep)


def test_a_notice_goes_whatever_promotions_are_planned_and_the_later_step_stays_within_the_caps(
    asleep: Database,
) -> None:
    whole(asleep, AS_OF, WAKING)
    with asleep.transaction() as tx:
        for who in PEOPLE[:5]:
            add_order(tx, f"new-{who}", who, AS_OF + DAY - HOUR)
            add_address(tx, who)
    unpaid = LOADED["unpaid_reminder"]
    made = whole(asleep, AS_OF + DAY, unpaid, dag="touchpoints_intraday__lab")
    assert made.counts[unpaid.id]["enqueued"] == 5
    monthly = whole(asleep, AS_OF + 7 * DAY, MONTHLY).counts[MONTHLY.id]
    second_touches = sum(1 for (_, day), _ in load(asleep).items() if day == "2026-03-17")
    assert monthly["capped"] + monthly["enqueued"] + monthly["held_out"] + monthly["suppressed"] == 30
    assert second_touches == 30
    assert_caps_hold(asleep)
