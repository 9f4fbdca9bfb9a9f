"""Keeping why a task failed, where the report of its run and the mail about it find it."""

from __future__ import annotations

import logging
from typing import Any

from airflow.exceptions import AirflowException
from airflow.sdk import get_current_context

from touchpoint.clock import real_now
from touchpoint.errors import TouchpointError
from touchpoint.services import Services

log = logging.getLogger(__name__)


def note(services: Services, error: Exception) -> None:
    """Remember why the task fails that this process runs."""
    task = _task()
    if task is None or isinstance(error, AirflowException):
        return
    cause, remedy = _told(error)
    try:
        with services.db.transaction() as tx:
            tx.count("runs/task_failed", **task, cause=cause, remedy=remedy, failed_real_at=real_now())
    except Exception as unkept:
        # The task fails of its own error, not of this one.
        log.warning("why it failed is in this log alone: %s", type(unkept).__name__)


def over(services: Services) -> None:
    """Forget the failed tries of the task that has just succeeded."""
    task = _task()
    if task is not None:
        with services.db.transaction() as tx:
            tx.count("runs/task_succeeded", **{name: task[name] for name in ("dag_id", "run_id", "task_id")})


def _told(error: Exception) -> tuple[str, str]:
    """Cause and remedy; an error that is none of ours is told by its kind alone, for its text may quote rows."""
    if isinstance(error, TouchpointError):
        return f"{error.place}: {error.thing}" if error.place else error.thing, error.remedy
    return f"an error of the program ({type(error).__name__})", ""


def _task() -> dict[str, Any] | None:
    """The task this process runs; None outside Airflow."""
    try:
        context: Any = get_current_context()
    except RuntimeError:
        return None
    instance = context["ti"]
    index = getattr(instance, "map_index", -1)
    subject = context.get("entity", context.get("shard"))
    return {
        "dag_id": instance.dag_id,
        "run_id": instance.run_id,
        "task_id": f"{instance.task_id}_{index}" if index is not None and index >= 0 else instance.task_id,
        "subject": None if subject is None else str(subject),
    }
