"""Live goes before the past: every task of a backfill runs in the backfills' pool, behind all others.

Airflow knows pools and weights per task, not per run. Its cluster policy sets them where task instances are made or
expanded (airflow_local_settings.py); a backfill over an existing run clears it before it calls it a backfill, so that
they are set once more when the run starts (touchpoint_plugin.py). Nothing of Airflow is imported: it hands its rows in.
"""

from __future__ import annotations

from typing import Any

DAGS = "touchpoints_"
"""How the ids of our DAGs begin: other people's backfills are theirs to place."""
POOL = "touchpoint_backfill"
LAST = 0
"""Below the weight of any task of a live run, which is 1 at least."""


def is_ours(dag_run: Any) -> bool:
    """Whether a run of Airflow's is a backfill of one of our DAGs. The type tells; a run id may be an older run's."""
    run_type = str(getattr(dag_run.run_type, "value", dag_run.run_type))
    return run_type == "backfill" and str(dag_run.dag_id).startswith(DAGS)


def place(task_instance: Any, dag_run: Any) -> None:
    """Put a task of one of our backfills into the backfills' pool, behind all others; leave any other as it is."""
    if dag_run is not None and is_ours(dag_run):
        task_instance.pool = POOL
        task_instance.priority_weight = LAST
