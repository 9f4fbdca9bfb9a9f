"""What a shop's own data teaches: parameters by version, curves, models of buyers, and backtests of them."""

import os

# Models of four parameters: threads of linear algebra wait for each other, and a fit takes seven times as long on two
# cores, more on busy ones. Read when NumPy and SciPy are loaded; in tasks, whose scheduler has loaded them already,
# include/airflow/airflow_local_settings.py says it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
