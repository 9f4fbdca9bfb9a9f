"""A backfill of one DAG through a real scheduler, beside the same graph of tasks that do nothing: the task floor.

Afterwards the past is visited again, with each reprocess behaviour, and nothing may have changed.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from bench import Row, agree
from touchpoint.clock import real_now
from touchpoint.db import Database
from touchpoint.local.airflow_api import TIMEOUT, AirflowApi
from touchpoint.local.layout import Layout
from touchpoint.local.stack import Stack, choose_stack_ports, delete_everything, opened, stop_processes
from touchpoint.local.table import native
from touchpoint.settings import load_shop
from touchpoint.statements import ROOT

SHOP, FLOOR = "sandbox", "floor"
OURS, EMPTY = f"touchpoints_daily__{SHOP}", f"touchpoints_daily__{FLOOR}"
AT_ONCE = 4
"""Runs of a backfill at the same time."""
SLOT = timedelta(hours=3, minutes=40)
"""Shop time of the daily run."""
BEHAVIOURS = ("completed", "failed", "none", "completed")
NEVER_CHANGED = (
    "facts.customers", "facts.orders", "facts.orders_history", "facts.order_lines", "facts.refunds",
    "facts.shipments", "facts.tracking_events", "contact.contact_points", "contact.consents", "landing.watermark",
    "landing.batch", "record.heads", "record.customer_features", "record.paid_orders", "ledger.touch",
    "ledger.touch_cover", "ledger.decision", "ledger.message", "ledger.withheld_message", "ledger.freed_round",
    "ledger.attempt", "ledger.audience",
    "ledger.candidate", "ledger.run_count", "ledger.gate",
)  # fmt: skip
EMPTY_DAG = f'''"""The daily Airflow DAG of a shop, its tasks emptied."""
from touchpoint.orchestration import dag, tasks
from touchpoint.settings import load_shop


def nothing(*given, **named):
    return 1


for name in ("begin", "extract", "plan", "dispatch", "config_check", "watch"):
    setattr(tasks, name, nothing)
tasks.use_case = lambda name: nothing
tasks.choose = lambda run_no, known: [f"{{campaign}}.plan" for campaign in known] or ["no_campaign_due"]
shop = load_shop("{SHOP}").model_copy(update={{"id": "{FLOOR}"}})
globals()["{EMPTY}"] = dag.shop_dag(shop, "daily", "40 3 * * *", "20 hours")
'''


def run(size: int | None) -> list[Row]:
    """Seconds a backfill of `size` days (default 30) takes, beside the floor.

    One or two days visit the past again with the first behaviour alone.
    """
    days = size or 30
    with tempfile.TemporaryDirectory() as folder:
        dags = Path(folder) / "dags"
        dags.mkdir()
        (dags / "daily.py").write_text((ROOT / "dags" / "touchpoints_daily.py").read_text(encoding="utf-8"))
        (dags / "floor.py").write_text(EMPTY_DAG, encoding="utf-8")
        layout = Layout(var=Path(folder) / "var", dags=dags)
        try:
            ours, floor = _measure(layout, days)
        finally:
            delete_everything(layout)
    return [Row(f"backfill of {days} days, one DAG", "the same graph of empty tasks", ours, floor, aim=2.0)]


def _measure(layout: Layout, days: int) -> tuple[float, float]:
    with opened(layout, _say) as stack:
        choose_stack_ports(stack)
        api = AirflowApi(stack.api_url)
        try:
            database = _start(stack, api)
            try:
                return _visit(api, database, days)
            finally:
                database.close()
        finally:
            api.close()
            stop_processes(layout, lambda text: None)


def _start(stack: Stack, api: AirflowApi) -> Database:
    stack.set_schedule("off")
    stack.start_databases()
    stack.start_sandbox(anchor=real_now().isoformat())
    stack.remember()
    command = native(["python", "-m", "touchpoint.cli", "ingest", "--shop", SHOP])
    subprocess.run(command, cwd=stack.layout.root, env=stack.environment, check=True, stdout=subprocess.DEVNULL)
    stack.start_airflow()
    stack.wait_for_airflow(api, [OURS, EMPTY])
    stack.set_schedule("on")
    for dag_id in (OURS, EMPTY):
        # Airflow writes a changed DAG at most every 30 s, and a backfill goes by what is written.
        while "non-periodic" in _post(api, "backfills/dry_run", dag_id, _span(1), "none").text:
            _say(f"{dag_id}: its schedule is not written yet")
            api.reparse(api.file_token(dag_id))
            time.sleep(5)
        api.unpause(dag_id)
    _wait(api, {OURS: 1, EMPTY: 1})  # the run of the latest slot, which un-pausing makes
    return Database(stack.state.server.url("touchpoint"), application="touchpoint-bench")


def _visit(api: AirflowApi, database: Database, days: int) -> tuple[float, float]:
    span = _span(days)
    before = _contents(database)
    seconds = {dag_id: _backfill(api, dag_id, span, "none", days + 1) for dag_id in (EMPTY, OURS)}
    for behaviour in BEHAVIOURS if days > 2 else BEHAVIOURS[:1]:
        _backfill(api, OURS, span, behaviour, days + 1)
    agree("rows of facts, record, decisions and messages", _contents(database), before)
    return seconds[OURS], seconds[EMPTY]


def _backfill(api: AirflowApi, dag_id: str, span: tuple[datetime, datetime], behaviour: str, runs: int) -> float:
    """Seconds from the first run's start to the last one's end."""
    while any(each["completed_at"] is None for each in _asked(api, "backfills", dag_id=dag_id)["backfills"]):
        time.sleep(1)  # Airflow notices now and then that a backfill is over, and takes no other before
    answer = _post(api, "backfills", dag_id, span, behaviour)
    if not answer.ok:
        raise ValueError(f"backfill of {dag_id}: Airflow answered {answer.status_code}: {answer.text[:300]}")
    time.sleep(2)
    found = _wait(api, {dag_id: runs})[dag_id]
    within = [each for each in found if each["run_type"] == "backfill"]
    begun = min(datetime.fromisoformat(each["start_date"]) for each in within)
    ended = max(datetime.fromisoformat(each["end_date"]) for each in within)
    _say(f"{dag_id}, {behaviour}: {len(within)} runs, {(ended - begun).total_seconds():.0f} s")
    return (ended - begun).total_seconds()


def _span(days: int) -> tuple[datetime, datetime]:
    """So many days before the latest slot, which has its run."""
    day = (real_now().astimezone(load_shop(SHOP).tz) - SLOT).replace(hour=0, minute=0, second=0, microsecond=0)
    return day - timedelta(days=days), day


def _post(
    api: AirflowApi, path: str, dag_id: str, span: tuple[datetime, datetime], behaviour: str
) -> requests.Response:
    asked = {
        "dag_id": dag_id,
        "from_date": span[0].isoformat(),
        "to_date": span[1].isoformat(),
        "max_active_runs": AT_ONCE,
        "reprocess_behavior": behaviour,
    }
    return api.session.post(f"{api.url}/api/v2/{path}", json=asked, timeout=TIMEOUT)


def _wait(api: AirflowApi, wanted: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
    """Runs of some DAGs, when there are so many and all have ended."""
    found: dict[str, list[dict[str, Any]]] = {}
    while set(found) != set(wanted):
        time.sleep(1)
        for dag_id in wanted.keys() - found.keys():
            runs = _asked(api, f"dags/{dag_id}/dagRuns", limit="200")["dag_runs"]
            if len(runs) >= wanted[dag_id] and all(each["state"] in ("success", "failed") for each in runs):
                agree(f"runs of {dag_id} that failed", [each for each in runs if each["state"] == "failed"], [])
                found[dag_id] = runs
    return found


def _asked(api: AirflowApi, path: str, **query: str) -> dict[str, Any]:
    answer = api.session.get(f"{api.url}/api/v2/{path}", params=query, timeout=TIMEOUT)
    answer.raise_for_status()
    return dict(answer.json())


def _contents(database: Database) -> dict[str, str]:
    """A hash of every row a backfill may not touch, by table."""
    found = {}
    with database.transaction() as tx:
        for table in NEVER_CHANGED:
            rows = f"SELECT md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} AS t"
            found[table] = str(tx.connection.exec_driver_sql(rows).scalar())
    return found


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr)
