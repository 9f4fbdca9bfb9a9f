"""Addresses stay in landing and quarantine for 30 days; a daily run forgets what is older, and nothing else."""

from __future__ import annotations

from datetime import timedelta

from tests.flow.conftest import ANCHOR, Flow

from touchpoint import pipeline
from touchpoint.model import Cadence, Entity, Run

COUNTED = "SELECT sum(landed), sum(loaded), sum(unchanged), sum(superseded), sum(quarantined) FROM landing.batch"


def begun(flow: Flow, run_type: str = "manual") -> Run:
    return pipeline.begin(flow.services, flow.trigger(ANCHOR, cadence=Cadence.DAILY, run_type=run_type))


def landed(flow: Flow) -> int:
    return sum(flow.rows(f'SELECT count(*) FROM landing."{entity}"')[0][0] for entity in Entity)


def make_old(flow: Flow) -> None:
    flow.execute("UPDATE landing.batch SET landed_at = landed_at - interval '31 days'")
    flow.execute("UPDATE landing.quarantine SET quarantined_at = quarantined_at - interval '31 days'")


def test_what_is_younger_than_thirty_days_is_kept(flow: Flow) -> None:
    before = landed(flow)
    assert before > 0
    assert set(pipeline.upkeep(flow.services, begun(flow).run_no).values()) == {0}
    assert landed(flow) == before


def test_older_rows_are_forgotten_but_for_pending_ones_and_all_counts(flow: Flow) -> None:
    make_old(flow)
    counts = flow.rows(COUNTED)
    flow.execute(
        "WITH made AS (INSERT INTO landing.batch (shop_id, entity, source, snapshot_at, as_of, landed, landed_at)"
        " VALUES ('sandbox', 'order', 'taobao', %s, %s, 1, now() - interval '31 days') RETURNING batch_id)"
        " INSERT INTO landing.\"order\" (batch_id, line_no, order_id) SELECT batch_id, 1, 'waits' FROM made",
        ANCHOR,
        ANCHOR,
    )
    forgotten = pipeline.upkeep(flow.services, begun(flow).run_no)
    assert min(forgotten["member"], forgotten["order"], forgotten["quarantine"]) > 0
    assert landed(flow) == 1
    assert flow.rows("SELECT DISTINCT payload::text FROM landing.quarantine") == [("{}",)]
    assert flow.rows("SELECT count(*) FROM landing.quarantine WHERE cardinality(reasons) = 0") == [(0,)]
    flow.execute("DELETE FROM landing.batch WHERE landed = 1 AND state = 'pending'")
    assert flow.rows(COUNTED) == counts


def test_a_run_that_recomputes_forgets_nothing(flow: Flow) -> None:
    make_old(flow)
    before = landed(flow)
    assert pipeline.upkeep(flow.services, begun(flow, "backfill").run_no) == {}
    flow.at(ANCHOR + timedelta(days=2))
    assert landed(flow) == before
