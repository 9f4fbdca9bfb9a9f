"""Live goes before the past: where Airflow's own bookkeeping puts the tasks of a live run and of a backfill."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from touchpoint.orchestration.installation import POOLS

ROOT = Path(__file__).resolve().parents[2]

PROBE = """
import json
from datetime import UTC, datetime
from airflow.utils import db
db.initdb()
from airflow import plugins_manager
from airflow.dag_processing.bundles.manager import DagBundlesManager
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db
from airflow.models import DagRun
from airflow.models.dagbag import DBDagBag
from airflow.models.serialized_dag import SerializedDagModel
from airflow.utils.session import create_session
from airflow.utils.state import DagRunState
from airflow.utils.types import DagRunTriggeredByType, DagRunType

DAG = "touchpoints_daily__sandbox"
DagBundlesManager().sync_bundles_to_db()
sync_bag_to_db(DagBag({dags!r}, bundle_name="dags-folder"), "dags-folder", None)
found = {{}}
with create_session() as session:
    dag = DBDagBag().get_latest_version_of_dag(DAG, session=session)

    def made(kind, day):
        at = datetime(2026, 11, day, tzinfo=UTC)
        return dag.create_dagrun(
            run_id=f"{{kind}}__{{day}}", logical_date=at, data_interval=(at, at), run_after=at,
            run_type=DagRunType(kind), triggered_by=DagRunTriggeredByType.TEST, state=DagRunState.QUEUED,
            session=session,
        )

    def tell(name, run):
        session.flush()
        session.expire_all()
        found[name] = {{
            f"{{each.task_id}}[{{each.map_index}}]": [each.pool, each.priority_weight]
            for each in run.get_task_instances(session=session)
        }}

    tell("live", made("scheduled", 1))
    tell("backfill", made("backfill", 2))
    taken = made("scheduled", 3)
    session.flush()
    dag.clear(run_id=taken.run_id, session=session, dag_run_state=DagRunState.QUEUED)
    taken.run_type = DagRunType.BACKFILL_JOB
    taken.state = DagRunState.RUNNING
    session.flush()
    taken.notify_dagrun_state_changed(msg="started")
    tell("taken", taken)
    session.rollback()
print("PROBE" + json.dumps(found))
"""


@pytest.fixture(scope="module")
def placed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, tuple[str, int]]]:
    """Pool and weight of each task instance of a live run, a backfill's new run, and a live run a backfill took."""
    home = tmp_path_factory.mktemp("airflow")
    variables = {
        **os.environ,
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home}/airflow.db",
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("plugins", ".", "include/airflow")),
    }
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(dags=str(ROOT / "dags"))],
        env=variables, cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert "PROBE" in done.stdout, done.stderr[-3000:]
    return json.loads(done.stdout.partition("PROBE")[2])


@pytest.mark.parametrize("run", ["backfill", "taken"])
def test_every_task_of_a_backfill_is_in_its_pool_and_behind_every_live_one(placed: dict, run: str) -> None:
    least = min(weight for _, weight in placed["live"].values())
    assert len(placed[run]) == len(placed["live"]) > 10
    assert {pool for pool, _ in placed[run].values()} == {"touchpoint_backfill"} <= POOLS.keys()
    assert max(weight for _, weight in placed[run].values()) < least


def test_no_task_of_a_live_run_waits_in_the_pool_of_backfills(placed: dict) -> None:
    assert "touchpoint_backfill" not in {pool for pool, _ in placed["live"].values()}
