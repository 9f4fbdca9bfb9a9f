"""Decide on a real database: what is written, once, whatever is run again or at the same time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
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
    undone,
)

from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide import audience, plan
from touchpoint.errors import LedgerError
from touchpoint.model import Run
from touchpoint.outbox.enqueue import enqueue
from touchpoint.settings import Policy

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SMS = {"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": {}}
EMAIL = {"provider": "smtp", "connection": "c", "sender": "a@lab.invalid", "sender_name": "Lab"}
LAB = make_shop(sms=SMS, email=EMAIL)
FEATURES = "record.customer_features"
KINDS = ("candidates", "enqueued", "repeated", "held_out", "suppressed", "capped", "outranked", "expired")


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for the tests that are undone at their end."""
    server.create_database("test_decide_plan", template="template_touchpoint")
    database = Database(server.url("test_decide_plan"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    """A transaction that is rolled back."""
    with undone(shared) as transaction:
        yield transaction


def decide(
    tx: Transaction, run: Run, *campaigns: Campaign, policy: Policy | None = None, at: datetime | None = None
) -> plan.Plan:
    """Decide as the pipeline does: the outbox is filled in the same transaction."""
    by_id = {campaign.id: campaign for campaign in campaigns or (make_campaign(),)}
    made = plan.decide(tx, run=run, shop=LAB, policy=policy or make_policy(), campaigns=by_id, at=at or run.as_of)
    enqueue(tx, run, made.enqueue)
    return made


def store(tx: Transaction, run: Run, *campaigns: Campaign) -> None:
    for campaign in campaigns or (make_campaign(),):
        audience.store(tx, run=run, shop=LAB, campaign=campaign, relation=FEATURES, segments=make_segments())


def store_by_hand(tx: Transaction, run: Run, campaign: Campaign, *candidates: dict[str, Any]) -> None:
    """An audience of a campaign whose statement is of no interest."""
    tx.count(
        "decide/store_audience",
        run_no=run.run_no,
        campaign_id=campaign.id,
        candidate_count=len(candidates),
        audience_hash="h",
        campaign_hash=campaign.file_hash,
        statement_hash="s",
        parameter_hash="p",
    )
    for given in candidates:
        who = given.pop("who", "b")
        add_customer(tx, who)
        defaults = {
            "step": campaign.steps[0].id,
            "occasion": "A",
            "identity": identity_of(who),
            "customer_id": who,
            "not_before": run.as_of - HOUR,
            "not_after": run.as_of + 3 * DAY,
            "stage": "new",
        }
        insert(tx, "ledger.candidate", run_no=run.run_no, campaign_id=campaign.id, **{**defaults, **given})


def counts(tx: Transaction, run: Run, campaign_id: str = "unpaid_reminder") -> dict[str, int]:
    """Counts of a run as the ledger keeps them, zeros left out."""
    found = rows(
        tx, "SELECT * FROM ledger.run_count WHERE run_no = %(r)s AND campaign_id = %(c)s", r=run.run_no, c=campaign_id
    )[0]
    return {kind: found[kind] for kind in KINDS if found[kind]}


def size(tx: Transaction, *tables: str) -> list[int]:
    return [rows(tx, f"SELECT count(*) AS n FROM {table}")[0]["n"] for table in tables]


def test_a_due_order_becomes_one_waiting_message(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - HOUR)
    add_order(tx, "B", "b", AS_OF - HOUR / 2)
    phone = add_address(tx, "b")
    run = make_run(tx)
    store(tx, run)
    made = decide(tx, run)
    assert made.counts["unpaid_reminder"]["enqueued"] == 1
    [message] = rows(
        tx,
        "SELECT campaign_id, step, purpose, channel, customer_id, address_kind, address_hash, template, variant,"
        " locale, valid_while, max_staleness, needs_approval, not_before, not_after, planned_on::text, state"
        " FROM ledger.message",
    )
    assert message == {
        "campaign_id": "unpaid_reminder",
        "step": "remind",
        "purpose": "transactional",
        "channel": "sms",
        "customer_id": "b",
        "address_kind": "phone",
        "address_hash": phone,
        "template": "remind",
        "variant": "new",
        "locale": "zh-CN",
        "valid_while": ["order_unpaid"],
        "max_staleness": timedelta(minutes=30),
        "needs_approval": False,
        "not_before": AS_OF,
        "not_after": AS_OF + 23 * HOUR - timedelta(minutes=15),
        "planned_on": "2026-03-10",
        "state": "waiting",
    }
    [touch] = rows(tx, "SELECT occasion, identity, address_hash, decision, reason, decided_as_of FROM ledger.touch")
    assert touch == {
        "occasion": "A",
        "identity": identity_of("b"),
        "address_hash": phone,
        "decision": "enqueued",
        "reason": None,
        "decided_as_of": AS_OF,
    }
    covered = rows(tx, "SELECT covered_id FROM ledger.touch_cover WHERE released_as_of IS NULL ORDER BY 1")
    assert [row["covered_id"] for row in covered] == ["A", "B"]


def test_every_reason_is_counted_and_adds_up(tx: Transaction) -> None:
    for number, changed in enumerate([{}, {}, {"kind": "presale"}, {"closes_at": AS_OF + HOUR / 6}]):
        add_order(tx, f"o{number}", f"c{number}", AS_OF - HOUR, **changed)
        if number:
            add_address(tx, f"c{number}")
    run = make_run(tx)
    store(tx, run)
    made = decide(tx, run)
    assert counts(tx, run) == {"candidates": 4, "enqueued": 1, "suppressed": 2, "expired": 1}
    [reasons] = rows(tx, "SELECT reasons FROM ledger.run_count")
    expected = {"expired: not_after": 1, "suppressed: no_address": 1, "suppressed: presale": 1}
    assert reasons["reasons"] == made.reasons["unpaid_reminder"] == expected
    assert size(tx, "ledger.touch", "ledger.decision", "ledger.message", "ledger.touch_cover") == [4, 4, 1, 1]


def test_a_campaign_without_candidates_is_counted_too(tx: Transaction) -> None:
    run = make_run(tx)
    store(tx, run)
    decide(tx, run)
    assert counts(tx, run) == {}


def test_deciding_a_run_again_finds_it_repeated_and_adds_only_what_was_missed(tx: Transaction) -> None:
    for who in ("b", "c"):
        add_order(tx, f"A-{who}", who, AS_OF - HOUR)
    add_address(tx, "b")
    run = make_run(tx)
    store(tx, run)
    decide(tx, run)
    before = size(tx, "ledger.touch", "ledger.decision", "ledger.message", "ledger.touch_cover")
    store(tx, run)
    decide(tx, run)
    assert counts(tx, run) == {"candidates": 2, "repeated": 1, "suppressed": 1}
    assert size(tx, "ledger.touch", "ledger.decision", "ledger.message", "ledger.touch_cover") == before
    add_address(tx, "c")
    doubled = make_run(tx)
    store(tx, doubled)
    decide(tx, doubled)
    assert counts(tx, doubled) == {"candidates": 2, "repeated": 1, "enqueued": 1}
    said = rows(
        tx,
        "SELECT d.decision, d.reason FROM ledger.decision d JOIN ledger.touch t USING (touch_id)"
        " WHERE t.occasion = 'A-c' ORDER BY d.decision_id",
    )
    assert said == [{"decision": "suppressed", "reason": "no_address"}, {"decision": "enqueued", "reason": None}]


def test_the_next_run_does_not_find_covered_orders_and_writes_no_second_decision(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - HOUR)
    add_order(tx, "N", "nobody", AS_OF - HOUR)
    add_address(tx, "b")
    for later in range(3):
        run = make_run(tx, AS_OF + later * timedelta(minutes=5))
        store(tx, run)
        decide(tx, run)
    assert counts(tx, run) == {"candidates": 1, "suppressed": 1}
    assert size(tx, "ledger.touch", "ledger.decision", "ledger.message") == [2, 2, 1]


def test_a_missed_run_decided_late_does_not_text_the_orders_of_a_later_one(tx: Transaction) -> None:
    # At 14:00 only the flash-sale order was due; that run is decided after the one of 14:20, whose text is of A.
    add_order(tx, "A", "b", AS_OF - timedelta(minutes=20))
    add_order(tx, "B", "b", AS_OF - timedelta(minutes=15), source="flash_sale")
    add_address(tx, "b")
    missed, later = make_run(tx), make_run(tx, AS_OF + timedelta(minutes=20))
    for run in (later, missed):
        store(tx, run)
        decide(tx, run)
    assert [row["occasion"] for row in rows(tx, "SELECT occasion FROM ledger.candidate ORDER BY run_no")] == ["B", "A"]
    assert counts(tx, missed) == {"candidates": 1, "repeated": 1}
    assert size(tx, "ledger.message") == [1]


def test_orders_of_a_released_touch_are_free_for_a_new_one(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - HOUR)
    add_order(tx, "B", "b", AS_OF - HOUR / 2)
    add_address(tx, "b")
    first = make_run(tx)
    store(tx, first)
    decide(tx, first)
    for text in (
        "UPDATE facts.orders SET paid_at = %(t)s WHERE order_id = 'A'",
        "UPDATE ledger.message SET state = 'cancelled', reason = 'stopped', state_at = %(t)s",
        "UPDATE ledger.touch_cover SET released_as_of = %(t)s, release_reason = 'stopped'",
    ):
        tx.connection.exec_driver_sql(text, {"t": AS_OF + timedelta(minutes=2)})
    second = make_run(tx, AS_OF + timedelta(minutes=5))
    store(tx, second)
    decide(tx, second)
    assert counts(tx, second) == {"candidates": 1, "enqueued": 1}
    assert rows(tx, "SELECT count(*) AS n FROM ledger.touch_cover WHERE covered_id = 'B'") == [{"n": 2}]


def test_one_text_a_buyer_a_day_holds_between_runs(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - HOUR)
    add_order(tx, "B", "b", AS_OF + HOUR)
    add_address(tx, "b")
    for as_of in (AS_OF, AS_OF + 2 * HOUR):
        run = make_run(tx, as_of)
        store(tx, run)
        decide(tx, run)
    assert counts(tx, run) == {"candidates": 1, "capped": 1}
    assert rows(tx, "SELECT reason FROM ledger.touch WHERE decision = 'capped'") == [{"reason": "campaign_per_day"}]


@pytest.mark.parametrize(
    ("state", "expected"),
    [(state, {"candidates": 1, "capped": 1}) for state in ("waiting", "accepted", "unknown", "abandoned")]
    + [(state, {"candidates": 1, "enqueued": 1}) for state in ("rejected", "expired", "cancelled")],
)
def test_only_messages_that_went_or_may_go_count_towards_caps(
    tx: Transaction, state: str, expected: dict[str, int]
) -> None:
    add_order(tx, "A", "b", AS_OF - HOUR)
    add_order(tx, "B", "b", AS_OF + HOUR)
    add_address(tx, "b")
    first, second = make_run(tx), make_run(tx, AS_OF + 2 * HOUR)
    store(tx, first)
    decide(tx, first)
    tx.connection.exec_driver_sql("UPDATE ledger.message SET state = %(s)s", {"s": state})
    store(tx, second)
    decide(tx, second)
    assert counts(tx, second) == expected


MONTH = make_campaign(
    id="monthly", purpose="promotional", variants={}, limits={}, holdout={"percent": 0.0, "salt": "m"}
)


def consent(tx: Transaction, address_hash: str, *, granted: bool = True, at: datetime = AS_OF - DAY) -> None:
    insert(
        tx,
        "contact.consents",
        shop_id=SHOP,
        address_hash=address_hash,
        channel="sms",
        purpose="promotional",
        is_granted=granted,
        happened_at=at,
        known_at=at,
        method="list",
    )


def test_two_customers_at_one_address_hear_once(tx: Transaction) -> None:
    for who in ("b", "c"):
        shared = add_address(tx, who, address="+8613800000000")
    consent(tx, shared)
    run = make_run(tx)
    store_by_hand(tx, run, MONTH, {"who": "b", "occasion": "2026-03"})
    decide(tx, run, MONTH)
    second = make_run(tx, AS_OF + HOUR)
    store_by_hand(tx, second, MONTH, {"who": "c", "occasion": "2026-03"}, {"who": "b", "occasion": "2026-03"})
    made = decide(tx, second, MONTH)
    assert made.reasons == {"monthly": {"suppressed: same_address": 1}}
    assert counts(tx, second, "monthly") == {"candidates": 2, "repeated": 1, "suppressed": 1}


def test_the_newest_address_that_is_known_and_the_last_word_on_consent_count(tx: Transaction) -> None:
    old = add_address(tx, "b", address="old", known_at=AS_OF - 9 * DAY)
    new = add_address(tx, "b", address="new", known_at=AS_OF - 2 * DAY)
    add_address(tx, "b", address="not yet", known_at=AS_OF + DAY)
    add_address(tx, "b", address="over", known_at=AS_OF - DAY, expires_at=AS_OF)
    consent(tx, old)
    run = make_run(tx)
    store_by_hand(tx, run, MONTH, {"occasion": "1"})
    assert decide(tx, run, MONTH).reasons == {"monthly": {"suppressed: no_consent": 1}}
    consent(tx, new)
    again = make_run(tx)
    store_by_hand(tx, again, MONTH, {"occasion": "1"})
    assert [row["address_hash"] for row in decide(tx, again, MONTH).enqueue] == [new]
    consent(tx, new, granted=False, at=AS_OF - HOUR)
    third = make_run(tx)
    store_by_hand(tx, third, MONTH, {"occasion": "2"})
    assert decide(tx, third, MONTH).reasons == {"monthly": {"suppressed: no_consent": 1}}


@pytest.mark.parametrize(
    ("scopes", "expected"),
    [
        ([{"is_suppressed": True}], "suppressed"),
        ([{"is_suppressed": True, "shop_id": None, "channel": None}], "suppressed"),
        ([{"is_suppressed": True}, {"is_suppressed": False, "happened_at": AS_OF - HOUR}], "enqueued"),
        ([{"is_suppressed": True, "shop_id": None}, {"is_suppressed": False}], "suppressed"),  # any scope is enough
        ([{"is_suppressed": True, "channel": "email"}], "enqueued"),
        ([{"is_suppressed": True, "shop_id": "other"}], "enqueued"),
        ([{"is_suppressed": True, "known_at": AS_OF + HOUR}], "enqueued"),  # not known yet
    ],
)
def test_suppression_by_scope(tx: Transaction, scopes: list[dict[str, Any]], expected: str) -> None:
    add_order(tx, "A", "b", AS_OF - HOUR)
    phone = add_address(tx, "b")
    for scope in scopes:
        defaults = {
            "shop_id": SHOP,
            "address_hash": phone,
            "channel": "sms",
            "reason": "asked",
            "happened_at": AS_OF - DAY,
            "known_at": AS_OF - DAY,
        }
        insert(tx, "contact.suppressions", **{**defaults, **scope})
    run = make_run(tx)
    store(tx, run)
    decide(tx, run)
    assert counts(tx, run) == {"candidates": 1, expected: 1}


def test_holdout_is_stable_over_runs_counted_and_never_messaged(tx: Transaction) -> None:
    campaign = make_campaign(holdout={"percent": 10.0, "salt": "fixture"}, limits={})
    people = [f"p{number}" for number in range(60)]
    for who in people:
        add_address(tx, who)
    held: list[set[str]] = []
    for day in range(3):
        run = make_run(tx, AS_OF + day * DAY)
        store_by_hand(tx, run, campaign, *[{"who": who, "occasion": f"{day}-{who}"} for who in people])
        made = decide(tx, run, campaign)
        found = rows(
            tx,
            "SELECT customer_id FROM ledger.touch WHERE decision = 'held_out' AND decided_run_no = %(r)s",
            r=run.run_no,
        )
        held.append({row["customer_id"] for row in found})
        assert counts(tx, run) == {"candidates": 60, "enqueued": 60 - len(held[-1]), "held_out": len(held[-1])}
        assert {row["customer_id"] for row in made.enqueue if not row["is_held_out"]} == set(people) - held[-1]
    assert held[0] == held[1] == held[2] != set()
    assert size(tx, "ledger.holdout", "ledger.holdout_salt") == [60, 1]
    assert not held[0] & {row["customer_id"] for row in rows(tx, "SELECT customer_id FROM ledger.message")}


def test_a_held_out_touch_counts_as_a_message_of_its_day(tx: Transaction) -> None:
    add_address(tx, "b")
    campaign = make_campaign(holdout={"percent": 10.0, "salt": "fixture"})
    insert(
        tx,
        "ledger.holdout",
        realm="live",
        holdout_scope="shop:lab",
        campaign_id=campaign.id,
        identity=identity_of("b"),
        draw=0.05,
        drawn_as_of=AS_OF - DAY,
    )
    for hours, expected in ((0, "held_out"), (1, "capped"), (24, "held_out")):
        run = make_run(tx, AS_OF + hours * HOUR)
        store_by_hand(tx, run, campaign, {"occasion": f"at-{hours}"})
        decide(tx, run, campaign)
        assert counts(tx, run) == {"candidates": 1, expected: 1}


def test_another_salt_after_the_first_decision_is_refused(tx: Transaction) -> None:
    run, salted = make_run(tx), make_campaign(holdout={"percent": 0.0, "salt": "another"})
    store(tx, run)
    decide(tx, run)
    store(tx, run, salted)
    with pytest.raises(LedgerError) as refused:
        decide(tx, run, salted)
    assert str(refused.value) == (
        "config/campaigns/unpaid_reminder.yaml: holdout.salt: the salt has changed after the first decision. "
        "write 'salt-1' again: another salt would mix who was held out with who was not"
    )


def test_a_campaign_changed_since_its_audience_was_stored_is_left_out(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - HOUR)
    add_address(tx, "b")
    run = make_run(tx)
    store(tx, run)
    assert decide(tx, run, make_campaign(priority=1)).left_out == {"unpaid_reminder": plan.CHANGED}
    assert plan.decide(tx, run=run, shop=LAB, policy=make_policy(), campaigns={}, at=AS_OF).left_out == {
        "unpaid_reminder": plan.GONE
    }
    assert size(tx, "ledger.touch", "ledger.run_count") == [0, 0]


def test_a_run_in_mode_recompute_decides_nothing(tx: Transaction) -> None:
    with pytest.raises(LedgerError, match="mode recompute"):
        decide(tx, make_run(tx, mode="recompute"))


def test_the_ledger_itself_refuses_counts_that_do_not_add_up(tx: Transaction) -> None:
    from sqlalchemy.exc import IntegrityError

    run = make_run(tx)
    with pytest.raises(IntegrityError, match="every_candidate_accounted_for"):
        insert(
            tx,
            "ledger.run_count",
            run_no=run.run_no,
            campaign_id="x",
            **{kind: int(kind == "candidates") for kind in KINDS},
        )


def test_a_following_step_waits_on_its_own_day_and_covers_the_same_orders(tx: Transaction) -> None:
    steps = [
        {"id": "remind", "channel": ["sms"], "template": "remind"},
        {"id": "again", "channel": ["sms"], "template": "again", "after": "24h"},
    ]
    campaign = make_campaign(steps=steps)
    add_address(tx, "b")
    run = make_run(tx)
    store_by_hand(tx, run, campaign, {"covers": ["A", "B"]})
    decide(tx, run, campaign)
    store_again = make_run(tx)
    store_by_hand(tx, store_again, campaign, {"covers": ["A", "B"]})
    decide(tx, store_again, campaign)
    assert counts(tx, run) == {"candidates": 1, "enqueued": 1}
    assert rows(tx, "SELECT step, planned_on::text AS day FROM ledger.message ORDER BY message_id") == [
        {"step": "remind", "day": "2026-03-10"},
        {"step": "again", "day": "2026-03-11"},
    ]
    assert size(tx, "ledger.touch_cover", "ledger.touch") == [4, 2]


def at_once(database: Database, *runs: Run, campaign: Campaign, policy: Policy) -> list[plan.Plan]:
    """Decide several runs in threads that start together."""
    barrier, made, failed = threading.Barrier(len(runs)), [], []

    def work(run: Run) -> None:
        try:
            with database.transaction() as tx:
                barrier.wait(timeout=30)
                made.append(decide(tx, run, campaign, policy=policy))
        except BaseException as error:  # pragma: no cover - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=work, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert failed == []
    return made


def test_two_decides_at_once_share_the_last_slot_of_a_cap(database: Database) -> None:
    campaign = make_campaign(limits={})
    one_a_day = make_policy(caps={"transactional": {"per_day": 1}, "promotional": {"per_day": 1}})
    with database.transaction() as tx:
        add_address(tx, "b")
        runs = [make_run(tx), make_run(tx, AS_OF + timedelta(minutes=5))]
        for run, occasion in zip(runs, ("A", "B"), strict=True):
            store_by_hand(tx, run, campaign, {"occasion": occasion})
    made = at_once(database, *runs, campaign=campaign, policy=one_a_day)
    assert sorted(len(each.enqueue) for each in made) == [0, 1]
    with database.transaction() as tx:
        assert size(tx, "ledger.message") == [1]
        assert sorted(row["decision"] for row in rows(tx, "SELECT decision FROM ledger.touch")) == [
            "capped",
            "enqueued",
        ]


def test_without_the_lock_both_would_take_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    both_have_looked = threading.Barrier(2)
    load_known = plan.load_known

    def load_and_wait(*args: Any, **kwargs: Any) -> Any:
        known = load_known(*args, **kwargs)
        both_have_looked.wait(timeout=30)
        return known

    monkeypatch.setattr(plan, "lock", lambda *_, **__: None)
    monkeypatch.setattr(plan, "load_known", load_and_wait)
    campaign = make_campaign(limits={})
    one_a_day = make_policy(caps={"transactional": {"per_day": 1}, "promotional": {"per_day": 1}})
    with database.transaction() as tx:
        add_address(tx, "b")
        salt = campaign.holdout.salt
        insert(tx, "ledger.holdout_salt", realm="live", holdout_scope="shop:lab", campaign_id=campaign.id, salt=salt)
        runs = [make_run(tx), make_run(tx, AS_OF + timedelta(minutes=5))]
        for run, occasion in zip(runs, ("A", "B"), strict=True):
            store_by_hand(tx, run, campaign, {"occasion": occasion})
    made = at_once(database, *runs, campaign=campaign, policy=one_a_day)
    assert [len(each.enqueue) for each in made] == [1, 1]


def test_a_run_decided_twice_at_once_enqueues_once(database: Database) -> None:
    with database.transaction() as tx:
        run = make_run(tx)
        for number in range(20):
            add_order(tx, f"A{number}", f"b{number}", AS_OF - HOUR)
            add_address(tx, f"b{number}")
        store(tx, run)
    made = at_once(database, run, run, campaign=make_campaign(), policy=make_policy())
    assert sorted(len(each.enqueue) for each in made) == [0, 20]
    with database.transaction() as tx:
        assert size(tx, "ledger.message", "ledger.decision") == [20, 20]


def test_an_audience_stored_twice_at_once_is_stored_once(database: Database) -> None:
    with database.transaction() as tx:
        run = make_run(tx)
        add_order(tx, "A", "b", AS_OF - HOUR)
    barrier, failed = threading.Barrier(2), []

    def work() -> None:
        try:
            with database.transaction() as tx:
                barrier.wait(timeout=30)
                store(tx, run)
        except BaseException as error:  # pragma: no cover - shown by the assertion below
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    with database.transaction() as tx:
        assert (failed, size(tx, "ledger.audience", "ledger.candidate")) == ([], [1, 1])


def test_realms_do_not_know_of_each_other(tx: Transaction) -> None:
    add_order(tx, "A", "b", AS_OF - HOUR)
    add_address(tx, "b")
    for realm in ("live", "rehearsal"):
        run = make_run(tx, realm=realm)
        store(tx, run)
        decide(tx, run)
        assert counts(tx, run) == {"candidates": 1, "enqueued": 1}
