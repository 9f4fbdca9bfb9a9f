"""What a DAG file costs at every parse: a DagBag of dags/ beside `import airflow.sdk`, in the same fresh process."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench import Row, agree

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 3
CODE = """
import json, time
started = time.perf_counter()
import airflow.sdk
imported = time.perf_counter()
from airflow.dag_processing.dagbag import DagBag
bag = DagBag({dags!r})
ended = time.perf_counter()
print("FOUND" + json.dumps([imported - started, ended - imported, len(bag.dags), list(bag.import_errors.values())]))
"""


def run(size: int | None) -> list[Row]:
    """Median of `size` fresh processes."""
    found = [_once() for _ in range(size or ROUNDS)]
    for _, _, dags, errors in found:
        agree("import errors", errors, [])
        agree("DAGs", dags > 0, True)
    imported, parsed = (statistics.median(round_[at] for round_ in found) for at in (0, 1))
    return [Row("DagBag of dags/", "import airflow.sdk", parsed, imported, aim=1.5)]


def _once() -> tuple[float, float, int, list[str]]:
    with tempfile.TemporaryDirectory() as home:
        environment = {
            **os.environ,
            "AIRFLOW_HOME": home,
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "PYTHONPATH": str(ROOT / "plugins"),
        }
        code = CODE.format(dags=str(ROOT / "dags"))
        done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    line = next(line for line in done.stdout.splitlines() if line.startswith("FOUND"))
    return tuple(json.loads(line.removeprefix("FOUND")))
