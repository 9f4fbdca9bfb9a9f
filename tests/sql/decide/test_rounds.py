"""A touch that ended before any attempt is freed and decided afresh, also one that was held out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import (
    AS_OF,
    SHOP,
    add_address,
    add_order,
    identity_of,
    insert,
    make_campaign,
    make_policy,
    make_run,
    make_segments,
    make_shop,
    rows,
    undone,
)

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide import audience, plan, recompute
from touchpoint.model import Run
from touchpoint.outbox.claim import expire, judge
from touchpoint.outbox.enqueue import enqueue

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SMS = {"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": {}}
LAB = make_shop(sms=SMS)
REMINDER = make_campaign()
PROMOTION = make_campaign(
    id="promotion",
    purpose="promotional",
    variants={},
    valid_while=[],
    limits={"per_week": 1},
    holdout={"percent": 10.0, "salt": "rounds"},
)
STATES = "SELECT state, reason, round, count(*) AS n FROM ledger.outbox GROUP BY 1, 2, 3 ORDER BY 3, 1"


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for the tests that are undone at their end."""
    server.create_database("test_rounds", template="template_touchpoint")
    database = Database(server.url("test_rounds"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    with undone(shared) as transaction:
        yield transaction


def decide(tx: Transaction, run: Run, campaign: Campaign, at: datetime | None = None) -> dict[str, int]:
    """What a run makes of the audience stored for it; kinds of which there are none are left out."""
    by_id = {campaign.id: campaign}
    made = plan.decide(tx, run=run, shop=LAB, policy=make_policy(), campaigns=by_id, at=at or run.as_of)
    enqueue(tx, run, made.enqueue)
    return {kind: number for kind, number in made.counts[campaign.id].items() if number}


def remind(tx: Transaction, as_of: datetime, run: Run | None = None) -> tuple[list[str], dict[str, int]]:
    """A run of the reminder: the occasions it was asked about, and what became of them."""
    run = run or make_run(tx, as_of)
    asked = audience.store(
        tx,
        run=run,
        shop=LAB,
        campaign=REMINDER,
        relation="record.customer_features",
        segments=make_segments(),
    )
    return [candidate.occasion for candidate in asked.candidates], decide(tx, run, REMINDER)


def promote(tx: Transaction, run: Run, people: list[str], occasion: str, days: int, **changed: Any) -> dict[str, int]:
    """A run of the promotion for these people, who may hear of it for so many days."""
    campaign = PROMOTION.model_copy(update=changed)
    tx.count("decide/clear_audience", run_no=run.run_no, campaign_id=campaign.id)
    tx.count(
        "decide/store_audience",
        run_no=run.run_no,
        campaign_id=campaign.id,
        candidate_count=len(people),
        audience_hash="a",
        campaign_hash=campaign.file_hash,
        statement_hash="s",
        parameter_hash="p",
    )
    for who in people:
        insert(
            tx,
            "ledger.candidate",
            run_no=run.run_no,
            campaign_id=campaign.id,
            step="remind",
            occasion=occasion,
            identity=identity_of(who),
            customer_id=who,
            not_before=run.as_of,
            not_after=run.as_of + days * DAY,
            covers=[],
        )
    return decide(tx, run, campaign)


def crowd(tx: Transaction, count: int) -> list[str]:
    """People who may be written to."""
    people = [f"p{number}" for number in range(count)]
    for who in people:
        hashed = add_address(tx, who)
        consent = {"channel": "sms", "purpose": "promotional", "is_granted": True, "method": "form"}
        earlier = AS_OF - 30 * DAY
        insert(
            tx, "contact.consents", shop_id=SHOP, address_hash=hashed, happened_at=earlier, known_at=earlier, **consent
        )
    return people


def end(tx: Transaction, at: datetime) -> int:
    return expire(tx, realm="live", shop_id=SHOP, at=at, versions={})


def test_a_cancelled_reminder_is_decided_afresh_while_its_order_is_open(tx: Transaction) -> None:
    """It was final: the order stayed open, stayed the occasion, and hid every order the buyer made since."""
    hashed = add_address(tx, "b")
    add_order(tx, "o1", "b", AS_OF - HOUR)
    assert remind(tx, AS_OF) == (["o1"], {"candidates": 1, "enqueued": 1})
    refusal = {"channel": "sms", "purpose": "transactional", "method": "form"}
    for minutes, granted in ((10, False), (20, True)):
        at = AS_OF + timedelta(minutes=minutes)
        given = {"happened_at": at, "known_at": at, "is_granted": granted, **refusal}
        insert(tx, "contact.consents", shop_id=SHOP, address_hash=hashed, **given)
        judge(tx, rows(tx, "SELECT * FROM ledger.message"), shop=LAB, at=at, is_claim=False)
    assert rows(tx, STATES) == [{"state": "cancelled", "reason": "no_consent", "round": 1, "n": 1}]
    add_order(tx, "o2", "b", AS_OF + timedelta(minutes=15))
    assert remind(tx, AS_OF + HOUR) == (["o1"], {"candidates": 1, "enqueued": 1})
    assert rows(tx, STATES) == [
        {"state": "cancelled", "reason": "no_consent", "round": 1, "n": 1},
        {"state": "waiting", "reason": None, "round": 2, "n": 1},
    ]
    covered = rows(tx, "SELECT covered_id FROM ledger.touch_cover WHERE released_as_of IS NULL ORDER BY 1")
    assert [row["covered_id"] for row in covered] == ["o1", "o2"]


def test_while_the_earliest_open_orders_touch_is_final_the_next_order_is_the_occasion(tx: Transaction) -> None:
    """An order that could not be reminded in time held the place of every later one."""
    add_address(tx, "b")
    add_order(tx, "o1", "b", AS_OF - HOUR, closes_at=AS_OF + timedelta(minutes=14))
    assert remind(tx, AS_OF) == (["o1"], {"candidates": 1, "expired": 1})
    add_order(tx, "o2", "b", AS_OF - timedelta(minutes=45))
    assert remind(tx, AS_OF + timedelta(minutes=5)) == (["o2"], {"candidates": 1, "enqueued": 1})


def test_a_run_cleared_after_its_touch_was_freed_finds_it_repeated_and_a_later_one_decides_it(tx: Transaction) -> None:
    add_address(tx, "b")
    add_order(tx, "o1", "b", AS_OF - HOUR)
    run = make_run(tx, AS_OF)
    remind(tx, AS_OF, run)
    freed_at = AS_OF + timedelta(minutes=2)
    rows(tx, "UPDATE ledger.message SET not_after = %(at)s RETURNING 1", at=freed_at)
    assert end(tx, freed_at) == 1
    repeated = {"candidates": 1, "repeated": 1}
    assert remind(tx, AS_OF, run) == (["o1"], repeated)  # cleared
    assert remind(tx, AS_OF) == (["o1"], repeated)  # doubled
    # Another run of before, decided late: for its audience the order was covered still.
    assert remind(tx, AS_OF + timedelta(minutes=1)) == ([], {})
    assert remind(tx, freed_at + timedelta(minutes=1)) == (["o1"], {"candidates": 1, "enqueued": 1})
    assert rows(tx, "SELECT decision, round FROM ledger.decision ORDER BY decision_id") == [
        {"decision": "enqueued", "round": 1},
        {"decision": "enqueued", "round": 2},
    ]


def test_what_was_decided_before_a_touch_was_freed_is_found_again(tx: Transaction) -> None:
    """A recompute of an instant before sees the touch taken, its cover and address too; one after sees it free."""
    add_address(tx, "b")
    add_order(tx, "o1", "b", AS_OF - HOUR)
    remind(tx, AS_OF)
    freed_at = AS_OF + 10 * timedelta(minutes=1)
    rows(tx, "UPDATE ledger.message SET not_after = %(at)s RETURNING 1", at=freed_at)
    between, after = make_run(tx, freed_at - timedelta(minutes=5)), make_run(tx, freed_at + timedelta(minutes=5))
    before = remind(tx, between.as_of, between)
    end(tx, freed_at)
    decided = remind(tx, after.as_of, after)
    assert (before[1], decided[1]) == ({}, {"candidates": 1, "enqueued": 1})

    def again(as_of: datetime) -> dict[str, int]:
        run = make_run(tx, as_of, mode="recompute", run_type="backfill")
        relation = "record.customer_features"
        asked = audience.ask(tx, run=run, shop=LAB, campaign=REMINDER, relation=relation, segments=make_segments())
        counts, _ = recompute.judge_as_of(
            tx,
            run=run,
            shop=LAB,
            policy=make_policy(),
            campaigns={REMINDER.id: REMINDER},
            audiences={REMINDER.id: asked},
        )
        return {kind: number for kind, number in counts[REMINDER.id].items() if number}

    assert again(AS_OF) == {"candidates": 1, "enqueued": 1}
    assert again(between.as_of) == before[1]
    assert again(after.as_of) == decided[1]


def test_a_promotion_that_expired_unsent_is_decided_afresh_for_both_arms(tx: Transaction) -> None:
    """Of 674 asked again within the week, 667 were enqueued and 7 held out: the held-out had kept their caps."""
    people = crowd(tx, 200)
    first = promote(tx, make_run(tx, AS_OF), people, "2026-03", 1)
    assert first["enqueued"] + first["held_out"] == 200
    assert 10 < first["held_out"] < 35
    end(tx, AS_OF + 2 * DAY)
    assert rows(tx, STATES) == [{"state": "expired", "reason": "not_after", "round": 1, "n": 200}]
    # The same occasion, and another one of the same campaign, within the week its limit counts.
    assert promote(tx, make_run(tx, AS_OF + 2 * DAY + HOUR), people, "2026-03", 1) == first
    end(tx, AS_OF + 4 * DAY)
    assert promote(tx, make_run(tx, AS_OF + 4 * DAY + HOUR), people, "another", 1) == first
    held = rows(tx, "SELECT DISTINCT identity FROM ledger.withheld_message")
    assert len(held) == first["held_out"]
    assert rows(
        tx,
        "SELECT count(*) AS n FROM ledger.message m WHERE EXISTS (SELECT FROM ledger.withheld_message w"
        " WHERE w.identity = m.identity)",
    ) == [{"n": 0}]


def test_somebody_else_may_take_the_address_of_a_freed_touch(tx: Transaction) -> None:
    hashed, _ = (add_address(tx, who, address="shared") for who in "bc")
    agreed = {"channel": "sms", "purpose": "promotional", "is_granted": True, "method": "form"}
    insert(tx, "contact.consents", shop_id=SHOP, address_hash=hashed, happened_at=AS_OF, known_at=AS_OF, **agreed)
    holder = "SELECT customer_id FROM ledger.touch WHERE address_hash IS NOT NULL"
    first = promote(tx, make_run(tx, AS_OF), ["b", "c"], "2026-03", 1)
    assert first == {"candidates": 2, "enqueued": 1, "suppressed": 1}
    [taken] = rows(tx, holder)
    end(tx, AS_OF + 2 * DAY)
    assert rows(tx, holder) == []
    [other] = {"b", "c"} - {taken["customer_id"]}
    assert promote(tx, make_run(tx, AS_OF + 3 * DAY), [other], "2026-03", 1) == {"candidates": 1, "enqueued": 1}
    assert rows(tx, holder) == [{"customer_id": other}]


@pytest.mark.parametrize("percent", [0.0, 50.0])
def test_a_step_that_follows_one_that_never_went_ends_with_it_and_both_come_again(
    tx: Transaction, percent: float
) -> None:
    """The second text would have gone a day later, and the first one after it."""
    people = crowd(tx, 8)
    second = PROMOTION.steps[0].model_copy(update={"id": "again", "after": DAY})
    two = {"steps": [*PROMOTION.steps, second], "limits": PROMOTION.limits.model_copy(update={"per_week": 2})}
    two["holdout"] = PROMOTION.holdout.model_copy(update={"percent": percent})
    first = promote(tx, make_run(tx, AS_OF), people, "2026-03", 5, **two)
    assert len(rows(tx, "SELECT 1 FROM ledger.outbox WHERE state = 'waiting'")) == 16
    rows(tx, "UPDATE ledger.outbox SET not_after = %(at)s WHERE step = 'remind' RETURNING 1", at=AS_OF + HOUR)
    assert end(tx, AS_OF + HOUR) == 8
    assert rows(tx, "SELECT step, state, reason, count(*) AS n FROM ledger.outbox GROUP BY 1, 2, 3 ORDER BY 1") == [
        {"step": "again", "state": "cancelled", "reason": "step_before_ended", "n": 8},
        {"step": "remind", "state": "expired", "reason": "not_after", "n": 8},
    ]
    assert promote(tx, make_run(tx, AS_OF + 2 * HOUR), people, "2026-03", 5, **two) == first
    waiting = rows(tx, "SELECT step, round, count(*) AS n FROM ledger.outbox WHERE state = 'waiting' GROUP BY 1, 2")
    assert sorted(row["step"] for row in waiting) == ["again", "remind"]
    assert {(row["round"], row["n"]) for row in waiting} == {(2, 8)}


def test_a_changed_percent_moves_only_those_between_and_the_decision_keeps_what_it_went_by(tx: Transaction) -> None:
    people = crowd(tx, 200)
    promote(tx, make_run(tx, AS_OF), people, "2026-03", 1)
    held = "SELECT identity FROM ledger.touch WHERE decision = 'held_out' AND occasion = %(occasion)s"
    march = {row["identity"] for row in rows(tx, held, occasion="2026-03")}
    draws = rows(tx, "SELECT * FROM ledger.holdout ORDER BY identity")
    more = PROMOTION.holdout.model_copy(update={"percent": 20.0})
    promote(tx, make_run(tx, AS_OF + 30 * DAY), people, "2026-04", 1, holdout=more)
    april = {row["identity"] for row in rows(tx, held, occasion="2026-04")}
    assert march < april
    assert {row["identity"] for row in draws if row["draw"] < 0.2} == april
    assert rows(tx, "SELECT * FROM ledger.holdout ORDER BY identity") == draws
    kept = rows(tx, "SELECT DISTINCT decision, detail ->> 'holdout_percent' AS percent, as_of FROM ledger.decision")
    by_run = Counter((row["as_of"], float(row["percent"])) for row in kept)
    assert by_run == {(AS_OF, 10.0): 2, (AS_OF + 30 * DAY, 20.0): 2}
