"""What is forgotten in time: landed rows, and the content of quarantined ones, may hold addresses."""

from __future__ import annotations

from datetime import timedelta

from touchpoint.clock import real_now
from touchpoint.facts.landing import MERGE_ORDER, relation_of
from touchpoint.model import Mode
from touchpoint.pipeline.runs import read_run
from touchpoint.services import LIVE, Services

KEPT = timedelta(days=30)
"""How long landing and quarantine keep what arrived, in real time."""


def upkeep(services: Services, run_no: int | None) -> dict[str, int]:
    """Delete landed rows that were loaded or rejected, and empty quarantined payloads, once they are 30 days old.

    What is still pending is kept: nobody has judged it. Reasons, batches and counts stay. A run that recomputes
    forgets nothing, nor does one of a rehearsal.

    Returns:
        Rows forgotten, per landing table and in quarantine.
    """
    run = read_run(services, run_no)
    if run.mode == Mode.RECOMPUTE or run.realm != LIVE:
        return {}
    before = real_now() - KEPT
    with services.timed(run.run_no, "upkeep"), services.db.transaction() as tx:
        forgotten = {
            entity.value: tx.count("load/forget_landed", before=before, relation=relation_of(entity))
            for entity in MERGE_ORDER
        }
        return {**forgotten, "quarantine": tx.count("load/forget_quarantined", before=before)}
