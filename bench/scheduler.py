"""What the scheduler adds: a chain of six tasks through a real Airflow, beside its tasks' own time."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from bench import Row, agree
from touchpoint.local.airflow_api import AirflowApi
from touchpoint.local.layout import Layout
from touchpoint.local.stack import choose_stack_ports, delete_everything, opened, stop_processes

TASKS = 6
RUNS = 3
DAG = f"""
from airflow.sdk import DAG, task
with DAG("chain", schedule=None) as dag:
    @task
    def work():
        import time
        time.sleep(0.5)
    last = None
    for number in range({TASKS}):
        step = work.override(task_id=f"work_{{number}}")()
        if last is not None:
            last >> step
        last = step
"""


def run(size: int | None) -> list[Row]:
    """Seconds the scheduler adds to a task, median of `size` runs, beside one second."""
    runs = size or RUNS
    with tempfile.TemporaryDirectory() as folder:
        dags = Path(folder) / "dags"
        dags.mkdir()
        (dags / "chain.py").write_text(DAG, encoding="utf-8")
        layout = Layout(var=Path(folder) / "var", dags=dags)
        try:
            added = sorted(_measure(layout, runs))[runs // 2]
        finally:
            delete_everything(layout)
    return [Row(f"scheduler, added to each of {TASKS} chained tasks", "one second", added, 1.0, aim=0.5)]


def _measure(layout: Layout, runs: int) -> list[float]:
    with opened(layout, lambda text: print(f"  {text}", file=sys.stderr)) as stack:
        choose_stack_ports(stack)
        api = AirflowApi(stack.api_url)
        try:
            stack.set_schedule("off")
            stack.start_databases()
            stack.remember()
            stack.start_airflow()
            stack.wait_for_airflow(api, ["chain"])
            api.unpause("chain")
            _chain(api)  # the first run imports what the others find imported
            return [_chain(api) for _ in range(runs)]
        finally:
            api.close()
            stop_processes(layout, lambda text: None)


def _chain(api: AirflowApi) -> float:
    run_id = api.trigger("chain", {})
    while (state := api.run_state("chain", run_id)) not in ("success", "failed"):
        time.sleep(0.2)
    agree("the chain", state, "success")
    tasks = api.task_instances("chain", run_id)
    agree("tasks", len(tasks), TASKS)
    began = min(datetime.fromisoformat(task["queued_when"] or task["start_date"]) for task in tasks)
    ended = max(datetime.fromisoformat(task["end_date"]) for task in tasks)
    return ((ended - began).total_seconds() - sum(task["duration"] for task in tasks)) / TASKS
