"""The figures of a run: they add up, agree with each other, and are read in one snapshot."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError, IntegrityError
from tests.sql.reports import ledger

from touchpoint.db import Database, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.model import Mode
from touchpoint.reports import run, shops
from touchpoint.reports.summary import summary, touches


def test_decisions_add_up_to_candidates_and_states_to_messages(tx: Transaction) -> None:
    [funnel] = run.figures(tx, ledger.seed(tx)).funnels
    assert sum(funnel.decisions.values()) == funnel.candidates == 31
    assert funnel.messages == {
        "waiting": 1, "accepted": 3, "rejected": 0, "expired": 0, "cancelled": 1, "unknown": 1,
    }  # fmt: skip
    assert funnel.message_count == 6
    assert list(funnel.reasons.items())[:2] == [("suppressed: no_address", 5), ("suppressed: no_offer", 3)]
    assert funnel.message_reasons == {"cancelled: paid": 1}


def test_the_ledger_takes_no_counts_that_do_not_add_up(tx: Transaction) -> None:
    run_no = ledger.add_run(tx)
    with pytest.raises(IntegrityError, match="every_candidate_accounted_for"):
        ledger.execute(
            tx, "INSERT INTO ledger.run_count VALUES (%(run_no)s, 'c', 2, 1, 0, 0, 0, 0, 0, 0)", run_no=run_no
        )


def test_every_landed_row_is_accounted_for(tx: Transaction) -> None:
    found = run.figures(tx, ledger.seed(tx)).entities
    assert {counts.entity: counts.landed for counts in found} == {"order": 857, "order_line": 1_234_567, "shipment": 31}
    assert [counts.entity for counts in found if sum(counts.fates.values()) != counts.landed] == []
    assert found[2].fates["pending"] == 31


def test_a_message_in_hand_counts_as_waiting_and_an_abandoned_one_as_unknown(tx: Transaction) -> None:
    run_no = ledger.add_run(tx)
    lease = ledger.AS_OF + timedelta(minutes=5)
    for number, state in enumerate(("claimed", "sending", "waiting", "unknown", "abandoned", "rejected"), start=1):
        ledger.add_message(tx, run_no, number, state=state, lease=lease if state in ("claimed", "sending") else None)
    [funnel] = run.funnels(tx, [run_no])
    assert (funnel.messages["waiting"], funnel.messages["unknown"], funnel.message_count) == (3, 2, 6)
    state = shops.shop_state(tx, ledger.REALM, ledger.SHOP, ledger.AS_OF)
    assert state.messages == funnel.messages
    assert [(row["campaign_id"], row["unknown_messages"]) for row in state.unknown] == [(ledger.CAMPAIGN, 1)]


def test_two_reports_over_the_same_ledger_agree(tx: Transaction) -> None:
    run_no = ledger.seed(tx)
    figures, told = run.figures(tx, run_no), summary(tx, [run_no])
    [funnel] = figures.funnels
    assert told["campaigns"][ledger.CAMPAIGN] == {
        "decisions": {"candidates": 31, **funnel.decisions},
        "messages": funnel.messages,
        "reasons": funnel.reasons,
    }
    assert told["entities"] == {counts.entity: {"landed": counts.landed, **counts.fates} for counts in figures.entities}
    [latest] = [found for found in shops.latest_runs(tx) if found.run_no == run_no]
    assert (latest.candidates, latest.enqueued) == (funnel.candidates, funnel.decisions["enqueued"])


def test_a_summary_of_two_runs_is_their_sum(tx: Transaction) -> None:
    first = ledger.add_run(tx, "first")
    second = ledger.add_run(tx, "second")
    ledger.add_counts(tx, first, enqueued=2, suppressed=1, reasons={"suppressed: no_offer": 1})
    ledger.add_counts(tx, second, repeated=2, suppressed=2, reasons={"suppressed: no_offer": 2})
    ledger.add_counts(tx, second, "another", enqueued=1)
    ledger.add_message(tx, first, 1)
    ledger.add_batch(tx, first, loaded=5)
    ledger.add_batch(tx, second, unchanged=5)
    for run_no, seconds in ((first, "0.5"), (second, "0.25")):
        ledger.execute(
            tx,
            "UPDATE ledger.run SET stage_seconds = jsonb_build_object('load', %(s)s::numeric) "
            "WHERE run_no = %(run_no)s",
            s=seconds,
            run_no=run_no,
        )
    told = summary(tx, [first, second])
    assert list(told["campaigns"]) == ["another", ledger.CAMPAIGN]
    decisions = told["campaigns"][ledger.CAMPAIGN]["decisions"]
    assert (decisions["candidates"], decisions["enqueued"], decisions["repeated"], decisions["suppressed"]) == (
        7,
        2,
        2,
        3,
    )
    assert told["campaigns"][ledger.CAMPAIGN]["reasons"] == {"suppressed: no_offer": 3}
    assert told["campaigns"][ledger.CAMPAIGN]["messages"]["accepted"] == 1
    assert (told["entities"]["order"]["landed"], told["entities"]["order"]["unchanged"]) == (10, 5)
    assert told["seconds"] == {"load": 0.75}


def test_touches_are_counted_once_by_their_last_decision(tx: Transaction) -> None:
    ledger.seed(tx)
    assert touches(tx, ledger.REALM, ledger.SHOP) == {ledger.CAMPAIGN: {"enqueued": 6}}


def test_a_run_without_anything_has_empty_figures(tx: Transaction) -> None:
    run_no = ledger.add_run(tx, ended=None)
    figures = run.figures(tx, run_no)
    assert (figures.head.gate_state, figures.head.ended_real_at, figures.funnels, figures.entities) == (
        None,
        None,
        [],
        [],
    )
    assert summary(tx, [run_no]) == {"campaigns": {}, "entities": {}, "seconds": {}}


def test_an_unknown_run_is_named(tx: Transaction) -> None:
    assert run.find_run(tx, ledger.DAG, "nowhere") is None
    with pytest.raises(TouchpointError, match="no run 77"):
        run.figures(tx, 77)


def test_findings_leave_out_what_held_and_put_the_critical_ones_first(tx: Transaction) -> None:
    run_no = ledger.add_run(tx)
    ledger.add_gate(
        tx, run_no, "failed", [
            ledger.finding("order", "a row rule", "row", 3),
            ledger.finding("order", "a row rule", "row", 4),  # of another batch
            ledger.finding("member", "held", "critical"),
            ledger.finding("shipment", "volume", "critical", 1),
        ],
    )  # fmt: skip
    figures = run.figures(tx, run_no)
    assert (figures.judged, figures.held) == (4, 1)
    assert [(found.rule, found.batches, found.failing_rows) for found in figures.findings] == [
        ("volume", 1, 1), ("a row rule", 2, 7),
    ]  # fmt: skip


def test_quarantine_is_counted_by_reason_and_its_payload_stays_where_it_is(tx: Transaction) -> None:
    run_no = ledger.seed(tx)
    older = ledger.add_batch(tx, None, quarantined=1)
    ledger.quarantine(tx, older, 1, "total is an amount")
    figures = run.figures(tx, run_no)
    assert [(found.reason, found.of_run, found.of_shop) for found in figures.quarantine] == [
        ("total is an amount", 2, 3), ("created_at is an instant", 1, 1),
    ]  # fmt: skip
    assert figures.quarantined_rows == 3
    assert ledger.PHONE not in repr(figures)


def test_a_recompute_stands_beside_the_ledger(tx: Transaction) -> None:
    ledger.seed(tx)
    run_no = run.find_run(tx, ledger.DAG, "backfill__2026-11-12")
    assert run_no is not None
    figures = run.figures(tx, run_no)
    [found] = figures.recomputations
    assert (figures.head.mode, found.differs_by, found.is_same_audience) == (Mode.RECOMPUTE, ["data"], False)
    assert found.ledger is not None
    assert (found.decisions["enqueued"], found.ledger["enqueued"], found.ledger_candidates) == (7, 6, 31)


def test_only_switches_in_force_count_and_only_for_whom_they_concern(tx: Transaction) -> None:
    switch = (
        "INSERT INTO ledger.stop (scope, shop_id, campaign_id, is_stopped, who) "
        "VALUES (%(scope)s, %(s)s, %(c)s, %(on)s, 'ops')"
    )
    for scope, shop, campaign, on in [
        ("everything", None, None, True),
        ("everything", None, None, False),  # resumed
        ("shop", "another", None, True),
        ("shop", ledger.SHOP, None, True),
        ("campaign", None, ledger.CAMPAIGN, True),
        ("campaign", ledger.SHOP, "resumed", True),
        ("campaign", ledger.SHOP, "resumed", False),
    ]:
        ledger.execute(tx, switch, scope=scope, s=shop, c=campaign, on=on)
    found = [(stop["scope"], stop["campaign_id"]) for stop in run.stops_of(tx, ledger.SHOP)]
    assert found == [("shop", None), ("campaign", ledger.CAMPAIGN)]


def test_messages_older_than_the_week_are_left_out_but_their_unknown_are_told(tx: Transaction) -> None:
    run_no = ledger.add_run(tx)
    ledger.add_message(tx, run_no, 1, state="unknown")
    ledger.add_message(tx, run_no, 2)
    state = shops.shop_state(tx, ledger.REALM, ledger.SHOP, ledger.AS_OF + timedelta(days=8))
    assert sum(state.messages.values()) == 0
    assert [row["unknown_messages"] for row in state.unknown] == [1]


def test_a_stopped_clock_is_where_a_realm_is_seen_from(tx: Transaction) -> None:
    ledger.execute(tx, "INSERT INTO ledger.business_clock (realm, at) VALUES ('live', %(at)s)", at=ledger.AS_OF)
    state = shops.shop_state(tx, ledger.REALM, ledger.SHOP, ledger.AS_OF + timedelta(days=8))
    assert state.now == ledger.AS_OF


def test_a_report_is_read_in_one_snapshot_and_writes_nothing(database: Database) -> None:
    with database.transaction() as setup:
        run_no = ledger.add_run(setup)
        ledger.add_counts(setup, run_no, enqueued=1)
    with database.transaction() as reader:
        run.snapshot(reader)
        before = run.figures(reader, run_no)
        with database.transaction() as writer:
            ledger.add_counts(writer, run_no, "another", enqueued=9)
        assert run.figures(reader, run_no) == before
    with database.transaction() as later:
        assert len(run.figures(later, run_no).funnels) == 2  # the guard above could have failed
    with database.engine.connect() as connection:
        reader = Transaction(connection)
        run.snapshot(reader)
        with pytest.raises(DBAPIError, match="read-only"):
            ledger.add_run(reader, "written")
