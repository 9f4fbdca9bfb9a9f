"""What must not go does not go, and nothing goes twice: runs at once, stops, opt-outs, files changed in between."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from tests.flow.conftest import ANCHOR, SHOP, Flow, five_minutes_later

from touchpoint import pipeline
from touchpoint.errors import LedgerError
from touchpoint.model import Cadence, Run
from touchpoint.outbox import stops
from touchpoint.settings import CONFIG_ROOT, load_shop

CAMPAIGN = "unpaid_reminder"


def decided(flow: Flow, run: Run | None = None) -> Run:
    """A run up to its decisions; nothing is sent yet."""
    flow.at(ANCHOR)
    run = run or pipeline.begin(flow.services, flow.trigger(ANCHOR))
    for entity in pipeline.EXTRACTED:
        pipeline.extract(flow.services, run.run_no, entity)
    pipeline.validate(flow.services, run.run_no)
    pipeline.load(flow.services, run.run_no)
    pipeline.refresh(flow.services, run.run_no)
    pipeline.plan(flow.services, run.run_no, CAMPAIGN)
    pipeline.decide(flow.services, run.run_no)
    return run


def with_own_config(flow: Flow, folder: Path) -> Flow:
    config = folder / "config"
    shutil.copytree(CONFIG_ROOT, config)
    return Flow(services=replace(flow.services, config=config), sandbox=flow.sandbox)


def sent(flow: Flow) -> int:
    return len(flow.sms()) + len(flow.mails())


@pytest.mark.parametrize("names", [("same", "same"), ("one", "other")], ids=["the same run", "two runs"])
def test_two_runs_at_once_send_nothing_twice(flow: Flow, names: tuple[str, str]) -> None:
    flow.at(ANCHOR)
    start, errors = Barrier(2), []

    def go(run_id: str) -> None:
        try:
            start.wait()
            pipeline.run_once(flow.services, flow.trigger(ANCHOR, run_id=run_id))
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=go, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    enqueued = flow.rows("SELECT count(*) FROM ledger.touch WHERE decision = 'enqueued'")[0][0]
    assert sent(flow) == enqueued > 0
    assert max(Counter(row["phone"] for row in flow.sms()).values()) == 1
    assert flow.rows("SELECT count(*) FROM ledger.message WHERE state NOT IN ('accepted', 'cancelled')") == [(0,)]


def test_stops_opt_outs_and_a_shop_that_is_off_hold_at_the_next_claim(flow: Flow, tmp_path: Path) -> None:
    own = with_own_config(flow, tmp_path)
    run = decided(own)
    shop_file = own.services.config / "shops" / "sandbox.yaml"
    body = shop_file.read_text(encoding="utf-8")
    shop_file.write_text(body.replace("sending: on", "sending: off"), encoding="utf-8")
    waiting = own.decided(run)["messages"]["waiting"]
    assert pipeline.dispatch(own.services, run.run_no, 0, 1) == {"held: sending_off": waiting}
    shop_file.write_text(body, encoding="utf-8")
    for scope in ({}, {"shop_id": SHOP}, {"campaign_id": CAMPAIGN}):
        with own.services.db.transaction() as tx:
            stops.stop(tx, who="test", **scope)
        assert pipeline.dispatch(own.services, run.run_no, 0, 1) == {"held: stopped": waiting}, scope
        with own.services.db.transaction() as tx:
            stops.resume(tx, who="test", **scope)
    # One unsubscribes between decision and claim.
    own.execute(
        """INSERT INTO contact.suppressions
           (shop_id, channel, address_hash, is_suppressed, reason, happened_at, known_at)
           SELECT shop_id, channel, address_hash, true, 'unsubscribed', %s, %s FROM ledger.message
           ORDER BY message_id LIMIT 1""",
        ANCHOR,
        ANCHOR,
    )
    pipeline.dispatch(own.services, run.run_no, 0, 1)
    assert own.rows("SELECT reason, count(*) FROM ledger.message WHERE state = 'cancelled' GROUP BY reason") == [
        ("suppressed", 1)
    ]
    assert sent(own) == waiting - 1


def test_a_campaign_changed_between_plan_and_decide_is_left_out_and_said_so(flow: Flow, tmp_path: Path) -> None:
    own = with_own_config(flow, tmp_path)
    path = own.services.config / "campaigns" / f"{CAMPAIGN}.yaml"
    body = path.read_text(encoding="utf-8")
    own.at(ANCHOR)
    run = pipeline.begin(own.services, own.trigger(ANCHOR))
    pipeline.validate(own.services, run.run_no)
    pipeline.load(own.services, run.run_no)
    pipeline.refresh(own.services, run.run_no)
    pipeline.plan(own.services, run.run_no, CAMPAIGN)
    path.write_text(body.replace("priority: 500", "priority: 400"), encoding="utf-8")
    with pytest.raises(LedgerError, match=f"{CAMPAIGN}.*file has changed"):
        pipeline.decide(own.services, run.run_no)
    pipeline.dispatch(own.services, run.run_no, 0, 1)
    assert sent(own) == 0
    with pytest.raises(LedgerError, match="does not add up"):
        pipeline.reconcile(own.services, run.run_no)
    # Cleared from the plan on, it goes.
    pipeline.plan(own.services, run.run_no, CAMPAIGN)
    assert pipeline.decide(own.services, run.run_no)["enqueued"] > 0
    pipeline.dispatch(own.services, run.run_no, 0, 1)
    pipeline.reconcile(own.services, run.run_no)
    assert sent(own) > 0


def test_a_platform_that_is_down_does_not_hold_back_what_is_claimable(flow: Flow) -> None:
    run = decided(flow)
    flow.at(five_minutes_later(ANCHOR))
    later = pipeline.begin(flow.services, flow.trigger(five_minutes_later(ANCHOR)))
    # Its extract failed, so nothing of it was judged; what the run before enqueued may still go.
    pipeline.dispatch(flow.services, later.run_no, 0, 1)
    assert sent(flow) > 0
    assert flow.rows("SELECT state FROM ledger.gate WHERE run_no = %s", later.run_no) == []
    assert run.run_no != later.run_no


def test_an_audience_is_asked_of_the_record_as_of_its_own_instant(flow: Flow) -> None:
    flow.at(ANCHOR + timedelta(minutes=10))
    first = pipeline.begin(flow.services, flow.trigger(ANCHOR + timedelta(minutes=5)))
    pipeline.validate(flow.services, first.run_no)
    pipeline.load(flow.services, first.run_no)
    pipeline.refresh(flow.services, first.run_no)
    # Another run goes past it, and by what it knows nobody is loyal.
    pipeline.run_once(flow.services, flow.trigger(ANCHOR + timedelta(minutes=10), cadence=Cadence.DAILY))
    flow.execute("UPDATE record.customer_features SET order_count = 1")
    pipeline.plan(flow.services, first.run_no, CAMPAIGN)
    asked = "SELECT DISTINCT stage FROM ledger.candidate WHERE run_no = %s"
    stages = {row[0] for row in flow.rows(asked, first.run_no)}
    assert "loyal" in stages


def test_history_of_an_hour_ago_is_loaded_as_well(flow: Flow) -> None:
    flow.at(ANCHOR + timedelta(hours=2))
    asked = ANCHOR + timedelta(hours=1)
    pipeline.load_history(flow.services, flow.trigger(asked))
    assert flow.rows("SELECT loaded_as_of, refreshed_as_of FROM record.heads WHERE shop_id = %s", SHOP) == [
        (asked, asked)
    ]


def test_a_run_taken_over_by_a_backfill_recomputes_in_a_row_of_its_own(flow: Flow) -> None:
    run = pipeline.begin(flow.services, flow.trigger(flow.at(ANCHOR), run_type="scheduled", run_id="scheduled__1"))
    taken_over = pipeline.begin(flow.services, flow.trigger(ANCHOR, run_type="backfill", run_id="scheduled__1"))
    assert pipeline.read_run(flow.services, taken_over.run_no).mode == "recompute"
    assert pipeline.read_run(flow.services, run.run_no) == run


def test_a_run_asked_again_for_another_instant_stays_as_it_was(flow: Flow) -> None:
    run = pipeline.begin(flow.services, flow.trigger(flow.at(ANCHOR), run_id="manual__1"))
    with pytest.raises(LedgerError, match="looked from"):
        pipeline.begin(flow.services, flow.trigger(ANCHOR - timedelta(days=2), run_id="manual__1"))
    assert pipeline.read_run(flow.services, run.run_no) == run
    assert load_shop(SHOP, flow.services.config).realm == run.realm
