"""Bodies of the tasks: open Services, call one use case of the pipeline, hand back counts and ids alone.

Nothing here is imported when a DAG file is parsed except this module itself; the pipeline is imported inside the tasks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from airflow.sdk import get_current_context
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

from touchpoint.errors import ConfigError, GateFailed, LedgerError, RenderError, SourceRefused, TimeError

if TYPE_CHECKING:
    from touchpoint.services import Services

FINAL = (ConfigError, GateFailed, LedgerError, RenderError, SourceRefused, TimeError)
"""Errors that trying again cannot mend: the task fails at once."""


@contextmanager
def services() -> Iterator[Services]:
    """Services on Airflow's connections; an error that needs a person fails the task without a retry.

    Why a task failed is kept for the report of its run.
    """
    from touchpoint.orchestration import failures
    from touchpoint.orchestration.connections import airflow_connection
    from touchpoint.services import open_services

    try:
        with open_services(airflow_connection) as opened:
            try:
                yield opened
            except Exception as error:
                failures.note(opened, error)
                raise
            failures.over(opened)
    except FINAL as error:
        raise AirflowFailException(str(error)) from error


def begin(shop_id: str, cadence: str) -> int:
    """Open the run in the ledger; its number goes to every other task."""
    from touchpoint import pipeline
    from touchpoint.model import Cadence

    context: Any = get_current_context()
    dag_run, params = context["dag_run"], context["params"]
    with services() as opened:
        run = pipeline.begin(
            opened,
            pipeline.Trigger(
                shop_id=shop_id,
                dag_id=dag_run.dag_id,
                run_id=dag_run.run_id,
                cadence=Cadence(cadence),
                run_type=str(getattr(dag_run.run_type, "value", dag_run.run_type)),
                as_of=params.get("as_of"),
                realm=params.get("realm"),
                logical_date=dag_run.logical_date,
                run_after=dag_run.run_after,
            ),
        )
    return run.run_no


def extract(run_no: int, entity: str) -> dict[str, int]:
    """Pull and land one entity."""
    from touchpoint import pipeline
    from touchpoint.model import Entity

    context: Any = get_current_context()
    context["entity"] = entity
    with services() as opened:
        return pipeline.extract(opened, run_no, Entity(entity))


def choose(run_no: int, known: list[str]) -> list[str]:
    """Task ids of the campaigns due; `no_campaign_due` if there is none."""
    from touchpoint import pipeline

    with services() as opened:
        due = [campaign for campaign in pipeline.choose(opened, run_no) if campaign in known]
    return [f"{campaign}.plan" for campaign in due] or ["no_campaign_due"]


def plan(run_no: int, campaign_id: str) -> int:
    """Store a campaign's audience; returns its size."""
    from touchpoint import pipeline

    with services() as opened:
        return pipeline.plan(opened, run_no, campaign_id)


def dispatch(run_no: int | None, shard: int) -> dict[str, int]:
    """Send what is claimable in one shard."""
    from touchpoint import pipeline

    context: Any = get_current_context()
    context["shard"] = shard
    begun = _begun(run_no)
    with services() as opened:
        return pipeline.dispatch(opened, begun, shard)


def use_case(name: str) -> Callable[[int | None], Any]:
    """A task body for a use case that takes the run's number and nothing else."""

    def body(run_no: int | None) -> Any:
        from touchpoint import pipeline

        begun = _begun(run_no)
        with services() as opened:
            return getattr(pipeline, name)(opened, begun)

    body.__name__ = name
    return body


def config_check() -> int:
    """How many campaign files load; fails naming those that do not."""
    from touchpoint import pipeline

    with services() as opened:
        return pipeline.config_check(opened)


def refuse(why: str) -> None:
    """Fail with the error of a shop file that does not load."""
    raise AirflowFailException(why)


def watch() -> None:
    """Fail the run if any task failed; tell of new failures, and of failures that are over, once each."""
    from touchpoint.orchestration import alerts

    context: Any = get_current_context()
    dag_run = context["dag_run"]
    states = context["ti"].get_task_states(dag_id=dag_run.dag_id, run_ids=[dag_run.run_id])[dag_run.run_id]
    by_state = {str(task): str(state) for task, state in states.items()}
    failed = sorted(task for task, state in by_state.items() if state == "failed")
    succeeded = sorted(task for task, state in by_state.items() if state == "success")
    with services() as opened:
        alerts.tell(opened, dag_run.dag_id, dag_run.run_id, failed, succeeded)
    if failed:
        raise AirflowFailException(f"failed: {', '.join(failed)}. See the log of each, mend it and clear it")


def _begun(run_no: int | None) -> int:
    if run_no is None:
        raise AirflowSkipException("the run was never begun: see the task `begin`")
    return run_no


__all__ = ["begin", "choose", "config_check", "dispatch", "extract", "plan", "refuse", "use_case", "watch"]
