"""Airflow imports this module at the start of each of its processes, by this name.

LocalExecutor's workers are forks of the scheduler. What the scheduler has imported before, their tasks need not import
again: Great Expectations alone takes seconds of every `validate`. Only other people's packages stand here; our own
modules are read anew by each task, so that a change needs no restart.

Linear algebra gets one thread, which has to be said before NumPy and SciPy are loaded: models that `learn` fits have
four parameters, and threads wait for each other five to ten times as long as they work (touchpoint/learning).
"""

import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

if "scheduler" in sys.argv[1:2]:
    import great_expectations  # noqa: F401
    import pandas  # noqa: F401
    import sqlalchemy.dialects.postgresql.psycopg2  # noqa: F401
