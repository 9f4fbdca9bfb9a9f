"""The past can be asked and is never repeated; a run that is not at the head changes no fact."""

from __future__ import annotations

from datetime import timedelta
from threading import Thread

from tests.flow.conftest import ANCHOR, TABLES, Flow, five_minutes_later

from touchpoint import pipeline
from touchpoint.campaigns.load import load_campaigns
from touchpoint.model import Cadence
from touchpoint.pipeline.intake import EXTRACTED

KEPT = (
    *TABLES,
    "facts.customers",
    "landing.watermark",
    "record.heads",
    "record.customer_features",
    "record.paid_orders",
    "ledger.touch",
    "ledger.touch_cover",
    "ledger.decision",
    "ledger.message",
    "ledger.attempt",
    "ledger.audience",
    "ledger.run_count",
    "ledger.gate",
    "ledger.worklist",
    "ledger.worklist_head",
)


def intraday_campaigns(flow: Flow) -> list[str]:
    """Ids of the campaigns an intraday run asks, sorted."""
    loaded = load_campaigns(flow.services.config).by_id.values()
    return sorted(campaign.id for campaign in loaded if campaign.enabled and campaign.cadence == Cadence.INTRADAY)


def test_a_backfill_recomputes_and_changes_nothing(flow: Flow) -> None:
    flow.run(ANCHOR)
    before = flow.digest(*KEPT)
    past = ANCHOR - timedelta(days=10)
    for hour in range(3):
        run = pipeline.run_once(
            flow.services, flow.trigger(past + timedelta(hours=hour), run_type="backfill", run_id=f"backfill__{hour}")
        )
        assert run.mode == "recompute"
    assert flow.digest(*KEPT) == before
    assert flow.rows("SELECT campaign_id, count(DISTINCT run_no) FROM ledger.recomputation GROUP BY 1 ORDER BY 1") == [
        (campaign_id, 3) for campaign_id in intraday_campaigns(flow)
    ]


def test_a_cleared_old_run_compares_equal_and_changes_nothing(flow: Flow) -> None:
    first = flow.run(ANCHOR)
    own_row = "SELECT runs::text FROM ledger.run AS runs WHERE run_no = %s"
    before, row = flow.digest(*KEPT), flow.rows(own_row, first.run_no)
    flow.at(ANCHOR + timedelta(days=30))
    pipeline.run_once(flow.services, flow.trigger(ANCHOR, run_id=first.run_id))
    pipeline.report(flow.services, first.run_no)  # a task cleared alone still names the row that was begun
    assert flow.digest(*KEPT) == before
    assert flow.rows(own_row, first.run_no) == row
    found = flow.rows("SELECT campaign_id, differs_by, compared_run_no FROM ledger.recomputation ORDER BY 1")
    assert found == [(campaign_id, [], first.run_no) for campaign_id in intraday_campaigns(flow)]


def test_the_guard_of_this_file_sees_a_changed_row(flow: Flow) -> None:
    before = flow.digest("facts.orders")
    [(order_id,)] = flow.rows("SELECT min(order_id) FROM facts.orders")
    flow.execute("UPDATE facts.orders SET total_minor = total_minor + 1 WHERE order_id = %s", order_id)
    assert flow.digest("facts.orders") != before


def test_a_run_behind_the_head_sends_from_tables_of_its_own(flow: Flow) -> None:
    flow.run(five_minutes_later(ANCHOR))
    before = flow.digest(*TABLES, "landing.watermark", "record.heads", "record.customer_features")
    late = pipeline.run_once(flow.services, flow.trigger(ANCHOR))
    assert (late.mode, late.is_at_head) == ("send", False)
    assert flow.digest(*TABLES, "landing.watermark", "record.heads", "record.customer_features") == before
    assert flow.rows("SELECT count(*) FROM pg_tables WHERE schemaname = 'record' AND tablename LIKE 'scratch%%'") == [
        (0,)
    ]


def test_a_daily_run_overtaken_by_an_intraday_one_decides_from_all_that_was_known_at_its_instant(flow: Flow) -> None:
    looks_from = (ANCHOR + timedelta(days=1)).replace(hour=3, minute=40)
    now = flow.at(looks_from + timedelta(hours=5))
    daily = pipeline.begin(
        flow.services, flow.trigger(looks_from, cadence=Cadence.DAILY, run_id="scheduled__1", run_type="scheduled")
    )
    load(flow, daily.run_no)
    intraday = pipeline.begin(flow.services, flow.trigger(now))
    load(flow, intraday.run_no)
    pipeline.refresh(flow.services, daily.run_no)
    for campaign_id in pipeline.choose(flow.services, daily.run_no):
        pipeline.plan(flow.services, daily.run_no, campaign_id)
    pipeline.decide(flow.services, daily.run_no)
    pipeline.refresh(flow.services, intraday.run_no)
    again = flow.trigger(looks_from, cadence=Cadence.DAILY, run_id="scheduled__1", run_type="backfill")
    recompute = pipeline.run_once(flow.services, again)
    found = flow.rows(
        "SELECT campaign_id, detail FROM ledger.recomputation WHERE run_no = %s AND differs_by <> '{}'",
        recompute.run_no,
    )
    assert found == []


def load(flow: Flow, run_no: int) -> None:
    """The tasks of a run until its facts are loaded, the record not yet made from them."""
    for entity in EXTRACTED:
        pipeline.extract(flow.services, run_no, entity)
    pipeline.validate(flow.services, run_no)
    assert pipeline.load(flow.services, run_no)


def test_daily_and_intraday_at_once_leave_the_facts_of_one_after_the_other(flow: Flow) -> None:
    instant = flow.at(ANCHOR + timedelta(minutes=20))
    errors: list[BaseException] = []

    def go(cadence: Cadence) -> None:
        try:
            pipeline.run_once(flow.services, flow.trigger(instant, cadence=cadence))
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=go, args=(cadence,)) for cadence in (Cadence.DAILY, Cadence.INTRADAY)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    together = flow.digest(*TABLES, without=("known_at", "batch_id", "customer_no"))
    flow.run(instant)
    assert flow.digest(*TABLES, without=("known_at", "batch_id", "customer_no")) == together
    assert flow.rows("SELECT count(*) FROM landing.batch WHERE state = 'pending'") == [(0,)]
