"""A run that is never begun: nothing of it works, and it ends red, by one task and the watch alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
AFTER_ALL = ("decide", "dispatch_0", "dispatch_1", "reconcile", "report")

PROBE = """
import json
from airflow.dag_processing.dagbag import DagBag
bag = DagBag({dags!r} + "/touchpoints_intraday.py", bundle_name="dags-folder")
run = bag.dags["touchpoints_intraday__sandbox"].test()
name = lambda ti: ti.task_id if ti.map_index < 0 else f"{{ti.task_id}}_{{ti.map_index}}"
print("PROBE" + json.dumps([str(run.state), {{name(ti): str(ti.state) for ti in run.get_task_instances()}}]))
"""


def test_without_a_begun_run_what_always_runs_is_skipped_and_the_run_is_red(tmp_path: Path) -> None:
    variables = {
        **{key: value for key, value in os.environ.items() if not key.startswith("AIRFLOW_CONN_")},
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "PYTHONPATH": str(ROOT / "plugins"),
    }
    given = {"env": variables, "capture_output": True, "text": True, "cwd": ROOT}
    made = subprocess.run([sys.executable, "-m", "airflow", "db", "migrate"], **given)
    assert made.returncode == 0, made.stderr[-2000:]
    code = PROBE.format(dags=str(ROOT / "dags"))
    done = subprocess.run([sys.executable, "-c", code], **given)
    line = next((line for line in done.stdout.splitlines() if line.startswith("PROBE")), None)
    assert line, done.stderr[-2000:]
    state, tasks = json.loads(line.removeprefix("PROBE"))
    assert state == "failed"
    assert tasks["begin"] == tasks["watch"] == "failed"
    assert {tasks[name] for name in AFTER_ALL} == {"skipped"}
    assert tasks["validate"] == tasks["unpaid_reminder.plan"] == "upstream_failed"
