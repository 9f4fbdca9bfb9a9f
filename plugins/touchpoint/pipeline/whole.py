"""Whole runs from a shell: what the DAG does, one use case after another."""

from __future__ import annotations

from dataclasses import replace

from touchpoint.errors import TimeError
from touchpoint.model import Cadence, Run
from touchpoint.pipeline.deciding import choose, decide, plan
from touchpoint.pipeline.intake import EXTRACTED, extract, load, refresh, validate
from touchpoint.pipeline.learning import learn
from touchpoint.pipeline.rescan import rescan
from touchpoint.pipeline.runs import HISTORY, Trigger, begin, report
from touchpoint.pipeline.sending import dispatch, reconcile
from touchpoint.services import Services


def load_history(services: Services, trigger: Trigger) -> Run:
    """Bring a shop's facts and record to as_of without any campaign: begin, extract, validate, load, refresh, report.

    Raises:
        TimeError: as_of lies before the shop's head.
        GateFailed, SourceError: as validate and extract do.
    """
    run = begin(services, replace(trigger, run_type=HISTORY))
    if not run.is_at_head:
        raise TimeError(
            f"{run.as_of.isoformat()} lies before what shop {run.shop_id} knows",
            place="--as-of",
            remedy="name a later instant, or start over with `make reset`",
        )
    for entity in EXTRACTED:
        extract(services, run.run_no, entity)
    validate(services, run.run_no)
    load(services, run.run_no)
    refresh(services, run.run_no)
    report(services, run.run_no)
    return run


def run_once(services: Services, trigger: Trigger, *, only: str | None = None) -> Run:
    """A whole run from a shell: what the DAG does, one task after another; with `only`, for one campaign."""
    run = begin(services, trigger)
    for entity in EXTRACTED:
        extract(services, run.run_no, entity)
    if run.cadence == Cadence.DAILY:
        rescan(services, run.run_no)
    validate(services, run.run_no)
    load(services, run.run_no)
    refresh(services, run.run_no)
    if run.cadence == Cadence.DAILY:
        learn(services, run.run_no)
    for campaign_id in [due for due in choose(services, run.run_no) if only in (None, due)]:
        plan(services, run.run_no, campaign_id)
    decide(services, run.run_no)
    dispatch(services, run.run_no, 0, 1)
    reconcile(services, run.run_no)
    report(services, run.run_no)
    return run
