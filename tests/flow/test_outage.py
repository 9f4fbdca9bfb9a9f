"""The platform goes away, a DAG is paused: afterwards the facts are those of an undisturbed run."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.flow.conftest import ANCHOR, TABLES, Flow

from touchpoint import pipeline
from touchpoint.errors import GateFailed, SourceError
from touchpoint.model import Entity

VOLATILE = ("known_at", "batch_id", "customer_no")


def test_a_paused_dag_and_a_dead_platform_leave_no_hole(flow: Flow, undisturbed: Flow) -> None:
    end = ANCHOR + timedelta(hours=2, minutes=30)
    for minutes in (10, 40, 70, 100, 130):
        undisturbed.run(ANCHOR + timedelta(minutes=minutes))
    undisturbed.run(end)
    flow.run(ANCHOR + timedelta(minutes=10))
    broken_at = flow.at(ANCHOR + timedelta(minutes=20))
    flow.sandbox.control("POST", "/control/faults", {"platform": {"down": True}})
    failed = pipeline.begin(flow.services, flow.trigger(broken_at))
    with pytest.raises(SourceError):
        pipeline.extract(flow.services, failed.run_no, Entity.ORDER)
    flow.sandbox.control("DELETE", "/control/faults")
    flow.run(end)
    found, expected = (each.digest(*TABLES, without=VOLATILE) for each in (flow, undisturbed))
    assert found == expected


def test_while_the_platform_is_down_nobody_is_alarmed_of_what_may_have_left(flow: Flow) -> None:
    flow.run(ANCHOR)
    tasks, told = flow.digest("ledger.worklist"), len(flow.alarms())
    later = flow.at(ANCHOR + timedelta(days=1))
    flow.sandbox.control("POST", "/control/faults", {"platform": {"down": True}})
    run = pipeline.begin(flow.services, flow.trigger(later))
    with pytest.raises(SourceError):
        pipeline.extract(flow.services, run.run_no, Entity.ORDER)
    pipeline.decide(flow.services, run.run_no)  # runs whatever happened before it
    assert flow.digest("ledger.worklist") == tasks
    assert len(flow.alarms()) == told
    flow.sandbox.control("DELETE", "/control/faults")
    flow.run(later)
    assert flow.digest("ledger.worklist") != tasks


def test_a_failed_critical_expectation_stops_the_run_whatever_is_marked_successful(flow: Flow) -> None:
    instant = flow.at(ANCHOR + timedelta(minutes=5))
    run = pipeline.begin(flow.services, flow.trigger(instant))
    pipeline.extract(flow.services, run.run_no, Entity.ORDER)
    [(batch_id,)] = flow.rows("SELECT max(batch_id) FROM landing.batch WHERE entity = 'order' AND state = 'pending'")
    flow.execute(
        'INSERT INTO landing."order" (batch_id, line_no) SELECT %s, 100000 + n FROM generate_series(1, 300) AS n',
        batch_id,
    )
    flow.execute("UPDATE landing.batch SET landed = landed + 300 WHERE batch_id = %s", batch_id)
    with pytest.raises(GateFailed):
        pipeline.validate(flow.services, run.run_no)
    # Someone marks the task successful in the UI: everything after it runs.
    before = flow.digest(*TABLES)
    pipeline.load(flow.services, run.run_no)
    pipeline.refresh(flow.services, run.run_no)
    pipeline.plan(flow.services, run.run_no, "unpaid_reminder")
    pipeline.decide(flow.services, run.run_no)
    pipeline.dispatch(flow.services, run.run_no, 0, 1)
    assert flow.sms() == flow.mails() == []
    assert flow.digest(*TABLES) == before
    assert flow.rows("SELECT state FROM landing.batch WHERE batch_id = %s", batch_id) == [("pending",)]
    # Nor does another run that passes send what this one enqueued.
    from touchpoint.settings import load_shop

    shop = load_shop("sandbox", flow.services.config)
    pipeline.send(flow.services, "live", shop, flow.services.business_clock("live"))
    assert flow.sms() == flow.mails() == []
