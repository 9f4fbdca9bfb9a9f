"""The use cases of one run of one shop, as plain functions.

An entry point opens Services and calls them in this order: begin, extract (per entity), validate, load, refresh,
choose, plan (per campaign), decide, dispatch (per shard), reconcile, report. Each takes the run's number alone, so that
any of them can be run again; each asks anew whether it may still write.
"""

from __future__ import annotations

from touchpoint.pipeline.deciding import choose, config_check, decide, plan
from touchpoint.pipeline.intake import EXTRACTED, extract, ingest, load, refresh, validate
from touchpoint.pipeline.learning import learn
from touchpoint.pipeline.rescan import rescan
from touchpoint.pipeline.runs import Trigger, begin, read_run, report
from touchpoint.pipeline.sending import SHARDS, dispatch, reconcile, send, settle
from touchpoint.pipeline.upkeep import upkeep
from touchpoint.pipeline.whole import load_history, run_once

__all__ = [
    "EXTRACTED",
    "SHARDS",
    "Trigger",
    "begin",
    "choose",
    "config_check",
    "decide",
    "dispatch",
    "extract",
    "ingest",
    "learn",
    "load",
    "load_history",
    "plan",
    "read_run",
    "reconcile",
    "refresh",
    "report",
    "rescan",
    "run_once",
    "send",
    "settle",
    "upkeep",
    "validate",
]
