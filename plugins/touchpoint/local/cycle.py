"""One cycle: the daily and the intraday DAG, the first time the monthly one as well, watched until they end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.markup import escape

from touchpoint.clock import stopwatch
from touchpoint.errors import TouchpointError
from touchpoint.local.airflow_api import FAILED, AirflowApi, log_place, task_name

CADENCES = ("daily", "intraday", "monthly")
ONLY_FIRST = "monthly"
"""The cadence whose DAG only the first cycle runs: it asks a marketer, and does not ask at every start."""
FINISHED = ("success", "failed", "skipped", "upstream_failed", "removed")
PATIENCE = 900
"""Seconds one run may take."""

Say = Callable[[str], None]


@dataclass(frozen=True)
class Ended:
    """A run of the cycle that ended: its DAG, run id, state, and the tasks that failed with the place of their log.

    One that has nothing left to do but to wait for a person's answer counts as ended; `waiting` names those tasks.
    """

    dag_id: str
    run_id: str
    state: str
    seconds: float
    failed: list[str]
    waiting: tuple[str, ...] = ()


def dag_ids(shop_id: str) -> list[str]:
    """The DAGs of a cycle, in order."""
    return [f"touchpoints_{cadence}__{shop_id}" for cadence in CADENCES]


def run_dag(api: AirflowApi, dag_id: str, at: datetime | None, logs: Path, say: Say) -> Ended:
    """Trigger a DAG and watch its run to the end.

    Args:
        api: logged in.
        dag_id: the DAG.
        at: `params.as_of`; None lets the run look from when it was triggered.
        logs: Airflow's log folder.
        say: told of every task that ends.

    Raises:
        TouchpointError: the DAG is paused, or its run took too long.
    """
    found = api.dag(dag_id)
    if found is None or found["is_paused"]:
        raise TouchpointError(
            "is paused" if found else "is not there", place=dag_id, remedy="unpause it in the UI, or run make reset"
        )
    started = stopwatch()
    run_id = api.trigger(dag_id, {"as_of": at.isoformat()} if at else {})
    told: set[str] = set()
    while True:
        state = api.run_state(dag_id, run_id)
        tasks = api.task_instances(dag_id, run_id)
        _tell(tasks, told, say)
        if state in ("success", "failed"):
            return Ended(dag_id, run_id, state, stopwatch() - started, _failures(tasks, logs))
        if waiting := waits_for_a_person(tasks):
            failures = _failures(tasks, logs)
            ended = "failed" if failures else "success"
            return Ended(dag_id, run_id, ended, stopwatch() - started, failures, waiting)
        if stopwatch() - started > PATIENCE:
            raise TouchpointError(
                f"did not end in {PATIENCE} s", place=f"{dag_id} {run_id}", remedy="see its tasks in the UI"
            )
        time.sleep(0.5)


def waits_for_a_person(tasks: list[dict[str, Any]]) -> tuple[str, ...]:
    """The tasks that wait for an answer, where all the others of a run have finished."""
    left = [task for task in tasks if task["state"] not in FINISHED]
    if any(task["state"] != "awaiting_input" for task in left):
        return ()
    return tuple(task_name(task) for task in left)


def _tell(tasks: list[dict[str, Any]], told: set[str], say: Say) -> None:
    for task in tasks:
        name, state = task_name(task), task["state"]
        if state in ("success", "failed") and name not in told:
            told.add(name)
            seconds = f"{task['duration']:.1f} s" if task["duration"] is not None else ""
            say(f"  {escape(f'{name:<32}')} {state:<8} {seconds}")


def _failures(tasks: list[dict[str, Any]], logs: Path) -> list[str]:
    # A task that only waited for a failed one has no log of its own.
    failed = [task for task in tasks if task["state"] == "failed"] or [t for t in tasks if t["state"] in FAILED]
    return [f"{task_name(task)}: {_cause(logs / log_place(task))}{logs / log_place(task)}" for task in failed]


def _cause(log: Path) -> str:
    """The last error a task's log tells, if it does."""
    found = ""
    if log.is_file():
        for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
            with suppress(ValueError, LookupError, TypeError):
                error = json.loads(line)["error_detail"][0]
                found = f"{error['exc_type']}: {error['exc_value']}\n    "
    return found
