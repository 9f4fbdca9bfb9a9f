"""Mode recompute: the same decisions from the same past, every difference named, nothing else written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.sql.decide.building import (
    AS_OF,
    add_address,
    add_order,
    collected,
    make_campaign,
    make_policy,
    make_run,
    make_segments,
    make_shop,
    rows,
    scratched,
    undone,
)

from touchpoint.campaigns.load import campaign_of_text
from touchpoint.campaigns.spec import Campaign
from touchpoint.db import Database, Transaction
from touchpoint.decide import audience, plan
from touchpoint.decide.recompute import Ask, Question, compare
from touchpoint.model import Run
from touchpoint.outbox.enqueue import enqueue
from touchpoint.record import refresh
from touchpoint.settings import CONFIG_ROOT

HOUR = timedelta(hours=1)
SMS = {"provider": "aliyun_sms", "connection": "c", "signature": "Lab", "templates": {}}
LAB = make_shop(sms=SMS)
FIXED = (
    "facts.orders",
    "facts.orders_history",
    "landing.watermark",
    "record.heads",
    "record.paid_orders",
    "record.customer_features",
    "ledger.touch",
    "ledger.touch_cover",
    "ledger.decision",
    "ledger.message",
    "ledger.holdout",
    "ledger.holdout_salt",
    "ledger.audience",
    "ledger.candidate",
    "ledger.run_count",
)


@pytest.fixture(scope="module")
def shared(server: Any) -> Iterator[Database]:
    """One database for all tests: each is undone at its end."""
    server.create_database("test_recompute", template="template_touchpoint")
    database = Database(server.url("test_recompute"))
    yield database
    database.close()


@pytest.fixture
def tx(shared: Database) -> Iterator[Transaction]:
    """A transaction that is rolled back."""
    with undone(shared) as transaction:
        yield transaction


def sent(tx: Transaction, run: Run, campaign: Campaign | None = None) -> plan.Plan:
    """A run in mode send, as the pipeline does it."""
    campaign = campaign or make_campaign()
    relation = scratched(tx, run.as_of, run.run_no)
    audience.store(tx, run=run, shop=LAB, campaign=campaign, relation=relation, segments=make_segments())
    made = plan.decide(tx, run=run, shop=LAB, policy=make_policy(), campaigns={campaign.id: campaign}, at=run.as_of)
    enqueue(tx, run, made.enqueue)
    return made


def asker(tx: Transaction, run: Run) -> Ask:
    """Asks as the pipeline does."""

    def ask(question: Question) -> audience.Audience:
        with tx.undone() if question.known_by else nullcontext():
            if question.known_by:
                refresh.drop_scratch(tx, run.run_no)
                tx.one("decide/know_by", known_by=question.known_by)
            return audience.ask(
                tx,
                run=run,
                shop=LAB,
                campaign=question.campaign,
                relation=scratched(tx, run.as_of, run.run_no),
                segments=make_segments(),
                configured=question.configured,
            )

    return ask


def recomputed(
    tx: Transaction, run: Run, campaign: Campaign | None = None, now: datetime = AS_OF + 2 * HOUR
) -> dict[str, Any]:
    """What a run in mode recompute notes; it writes nothing else."""
    campaign = campaign or make_campaign()
    collected(tx, run.as_of)  # as the refresh of the run that loaded them did
    before = contents(tx)
    total = compare(
        tx,
        run=run,
        shop=LAB,
        policy=make_policy(),
        campaigns={campaign.id: campaign},
        ask=asker(tx, run),
        now=now,
    )
    asked = asker(tx, run)(Question(campaign))
    refresh.drop_scratch(tx, run.run_no)
    assert contents(tx) == before
    assert rows(tx, "SELECT current_setting('touchpoint.known_by', true) AS known_by")[0]["known_by"] in (None, "")
    found = rows(tx, "SELECT * FROM ledger.recomputation ORDER BY recomputation_id DESC LIMIT 1")[0]
    assert found["audience_hash"] == asked.audience_hash
    assert total["candidates"] == found["candidate_count"]
    return found


def contents(tx: Transaction) -> dict[str, list[str]]:
    """Every row of the tables a recompute may not touch."""
    return {name: [r["row"] for r in rows(tx, f"SELECT x::text AS row FROM {name} x ORDER BY 1")] for name in FIXED}


def past(tx: Transaction) -> Run:
    """A shop with a reminder sent, one without an address, one paid meanwhile, and one decided by an earlier run."""
    for who, made in (
        ("early", AS_OF - 3 * HOUR),
        ("b", AS_OF - HOUR),
        ("paid", AS_OF - HOUR),
        ("no_way", AS_OF - HOUR),
    ):
        add_order(tx, f"A-{who}", who, made)
        if who != "no_way":
            add_address(tx, who)
    sent(tx, make_run(tx, AS_OF - 2 * HOUR))
    run = make_run(tx)
    assert sent(tx, run).counts["unpaid_reminder"]["enqueued"] == 2
    return run


def as_recompute(tx: Transaction, run: Run, **changed: Any) -> Run:
    given = {"mode": "recompute", "run_type": "backfill", "is_at_head": False, **changed}
    return make_run(tx, run.as_of, **given)


def test_the_same_past_gives_the_same_decisions_and_no_difference(tx: Transaction) -> None:
    run = past(tx)
    later(tx)
    found = recomputed(tx, as_recompute(tx, run))
    [stored] = rows(tx, "SELECT * FROM ledger.run_count WHERE run_no = %(r)s", r=run.run_no)
    assert (found["differs_by"], found["compared_run_no"]) == ([], run.run_no)
    assert {key: stored[key] for key in found["decisions"]} == found["decisions"]
    assert found["decisions"]["enqueued"] == 2


def later(tx: Transaction) -> None:
    """What happens after the run: a payment, a new order, a sent and a struck message, another run."""
    after = AS_OF + HOUR
    for text in (
        "INSERT INTO facts.orders_history SELECT kept.* FROM facts.orders o, jsonb_populate_record("
        "NULL::facts.orders_history, to_jsonb(o) || jsonb_build_object('known_from', o.known_at, 'known_until',"
        " %(t)s::timestamptz)) AS kept WHERE o.order_id = 'A-paid'",
        "UPDATE facts.orders SET paid_at = %(t)s, payment_state = 'paid', known_at = %(t)s WHERE order_id = 'A-paid'",
        "UPDATE ledger.message SET state = 'cancelled', reason = 'paid', state_at = %(t)s WHERE customer_id = 'paid'",
        "UPDATE ledger.message SET state = 'accepted', state_at = %(t)s WHERE customer_id <> 'paid'",
        "UPDATE ledger.touch_cover SET released_as_of = %(t)s, release_reason = 'paid' WHERE covered_id = 'A-paid'",
    ):
        tx.connection.exec_driver_sql(text, {"t": after})
    add_order(tx, "new", "b", after)
    sent(tx, make_run(tx, after + HOUR))


def test_a_run_that_sent_and_is_cleared_long_after_is_compared_with_itself(tx: Transaction) -> None:
    run = past(tx)
    later(tx)
    cleared = Run(**{**vars(run), "mode": as_recompute(tx, run).mode, "is_at_head": False})
    found = recomputed(tx, cleared)
    assert (found["run_no"], found["compared_run_no"], found["differs_by"]) == (run.run_no, run.run_no, [])


def test_an_instant_nobody_decided_has_no_ledger(tx: Transaction) -> None:
    run = past(tx)
    assert recomputed(tx, make_run(tx, run.as_of + HOUR, mode="recompute"))["differs_by"] == ["no_ledger"]
    other_dag = as_recompute(tx, run, dag_id="touchpoints_daily__lab")
    assert recomputed(tx, other_dag)["differs_by"] == ["no_ledger"]


def test_a_difference_is_named(tx: Transaction) -> None:
    run = past(tx)
    assert recomputed(tx, as_recompute(tx, run), make_campaign(priority=1))["differs_by"] == ["config"]
    patient = {"delay": {"default": "40m"}, "close_lead": "15m", "offer": "none"}
    changed = make_campaign(audience={"statement": "unpaid_reminder", "parameters": patient})
    assert recomputed(tx, as_recompute(tx, run), changed)["differs_by"] == ["config"]
    tx.connection.exec_driver_sql(
        "UPDATE facts.orders SET paid_at = %(t)s WHERE order_id = 'A-b'", {"t": AS_OF - HOUR / 2}
    )
    assert recomputed(tx, as_recompute(tx, run))["differs_by"] == ["data"]


def test_an_edited_file_is_told_by_its_keys_and_not_put_down_to_the_data(tx: Transaction) -> None:
    add_order(tx, "A-b", "b", AS_OF - HOUR)
    add_address(tx, "b")
    path = CONFIG_ROOT / "campaigns" / "unpaid_reminder.yaml"
    first = campaign_of_text(path.read_text(encoding="utf-8"))
    run = make_run(tx)
    sent(tx, run, first)
    edited = campaign_of_text(first.body.replace("default: 30m", "default: 2h"))
    found = recomputed(tx, as_recompute(tx, run), edited)
    assert found["differs_by"] == ["config"]
    assert found["detail"]["config"] == [
        {"key": "audience.parameters.delay.default", "then": "30m", "now": "2h"},
    ]
    assert found["detail"]["audience"]["only_then"] > 0
    tx.connection.exec_driver_sql("UPDATE facts.orders SET closed_at = %(t)s", {"t": AS_OF - HOUR / 2})
    found = recomputed(tx, as_recompute(tx, run), edited)
    assert found["differs_by"] == ["config", "data"]


def test_another_statement_is_a_difference_of_code(tx: Transaction) -> None:
    run = past(tx)
    tx.connection.exec_driver_sql("UPDATE ledger.audience SET statement_hash = 'older'")
    found = recomputed(tx, as_recompute(tx, run))
    assert (found["differs_by"], found["detail"]) == (
        ["code"],
        {"code": ["include/sql/audiences/unpaid_reminder.sql"]},
    )


@pytest.mark.parametrize(
    ("learned_after", "named"), [(timedelta(minutes=10), []), (timedelta(hours=23), []), (timedelta(days=2), ["data"])]
)
def test_a_fact_corrected_long_after_is_named_and_a_late_one_is_not(
    tx: Transaction, learned_after: timedelta, named: list[str]
) -> None:
    run = past(tx)
    learned = AS_OF + learned_after
    for text in (
        "INSERT INTO facts.orders_history SELECT kept.* FROM facts.orders o, jsonb_populate_record("
        "NULL::facts.orders_history, to_jsonb(o) || jsonb_build_object('known_from', o.known_at, 'known_until',"
        " %(t)s::timestamptz)) AS kept WHERE o.order_id = 'A-b'",
        "UPDATE facts.orders SET closed_at = created_at + interval '1 minute', known_at = %(t)s WHERE order_id = 'A-b'",
    ):
        tx.connection.exec_driver_sql(text, {"t": learned})
    found = recomputed(tx, as_recompute(tx, run), now=AS_OF + timedelta(days=3))
    assert found["differs_by"] == named
    if named:
        assert found["detail"] == {
            "corrections": {"only_then": 1, "only_now": 0, "changed": 0, "occasions": ["A-b"]},
        }


def test_the_guard_sees_a_change(tx: Transaction) -> None:
    before = contents(tx)
    add_order(tx, "A", "b", AS_OF)
    assert contents(tx) != before
