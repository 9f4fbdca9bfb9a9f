"""Airflow imports this module at the start of each of its processes, by this name.

LocalExecutor's workers are forks of the scheduler. What the scheduler has imported before, their tasks need not import
again: Great Expectations alone takes seconds of every `validate`. Only other people's packages stand here; our own
modules are read anew by each task, so that a change needs no restart.

Linear algebra gets one thread, which has to be said before NumPy and SciPy are loaded: models that `learn` fits have
four parameters, and threads wait for each other five to ten times as long as they work (touchpoint/learning).

Its one policy puts what a backfill does behind what is live (touchpoint/orchestration/backfill_pool.py).
"""

import os
import sys

__all__ = ("task_instance_mutation_hook",)

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if "scheduler" in sys.argv[1:2]:
    import great_expectations  # noqa: F401
    import pandas  # noqa: F401
    import sqlalchemy.dialects.postgresql.psycopg2  # noqa: F401


def task_instance_mutation_hook(task_instance, dag_run):
    """A task is made, or expanded, for a run; Airflow does not always know of which."""
    from touchpoint.orchestration import backfill_pool

    backfill_pool.place(task_instance, dag_run or task_instance.__dict__.get("dag_run"))
