"""The generated DAGs: what they import, how they hang together, who owns them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("pandas", "great_expectations", "altair", "scipy", "pyarrow")

PROBE = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag({dags!r})
print("PROBE" + json.dumps({{
    "errors": {{Path: str(error) for Path, error in bag.import_errors.items()}},
    "heavy": [name for name in {heavy!r} if name in sys.modules],
    "dags": {{
        dag_id: {{
            "schedule": str(dag.schedule) if dag.schedule else None,
            "zone": str(dag.timezone),
            "tags": sorted(dag.tags),
            "doc": bool(dag.doc_md),
            "max_active_runs": dag.max_active_runs,
            "limit": bool(dag.dagrun_timeout),
            "read": dag.get_task("extract").op_kwargs_expand_input.value["entity"] if dag.has_task("extract") else [],
            "rights": {{role: sorted(rights["DAGs"]) for role, rights in (dag.access_control or {{}}).items()}},
            "catchup": dag.catchup,
            "tasks": {{
                task.task_id: {{
                    "upstream": sorted(task.upstream_task_ids),
                    "downstream": sorted(task.downstream_task_ids),
                    "rule": str(getattr(task.trigger_rule, "value", task.trigger_rule)),
                    "owner": task.owner,
                    "pool": task.pool,
                    "weight": task.priority_weight,
                    "retries": task.retries,
                    "timeout": bool(task.execution_timeout),
                }}
                for task in dag.tasks
            }},
        }}
        for dag_id, dag in bag.dags.items()
    }},
}}))
"""


def probe(tmp_path: Path, **environment: str) -> dict:
    """What a fresh process finds in dags/."""
    variables = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "PYTHONPATH": str(ROOT / "plugins"),
        **environment,
    }
    code = PROBE.format(dags=str(ROOT / "dags"), heavy=HEAVY)
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr[-2000:]
    line = next(line for line in done.stdout.splitlines() if line.startswith("PROBE"))
    return json.loads(line.removeprefix("PROBE"))


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict:
    return probe(tmp_path_factory.mktemp("airflow"))


def test_every_shop_has_its_dags_and_none_is_broken(found: dict) -> None:
    assert found["errors"] == {}
    assert {"touchpoints_intraday__sandbox", "touchpoints_daily__sandbox"} <= set(found["dags"])


def test_parsing_imports_nothing_heavy(found: dict) -> None:
    assert found["heavy"] == []


def test_the_probe_for_heavy_imports_can_fail(tmp_path: Path) -> None:
    dag = tmp_path / "dags" / "heavy.py"
    dag.parent.mkdir()
    dag.write_text('"""an airflow dag"""\nimport pyarrow\n')
    code = PROBE.format(dags=str(dag.parent), heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "AIRFLOW_HOME": str(tmp_path), "AIRFLOW__CORE__LOAD_EXAMPLES": "False"},
        capture_output=True,
        text=True,
    )
    assert '"heavy": ["pyarrow"]' in done.stdout


def test_every_dag_says_what_it_is_and_runs_alone(found: dict) -> None:
    for dag_id, dag in found["dags"].items():
        assert dag["doc"], dag_id
        assert "touchpoint" in dag["tags"], dag_id
        assert dag["catchup"] is False, dag_id
        # A run that waits for a person is not over: it neither holds up the next one nor is ended for its age.
        asks = any(name.startswith("approve_") for name in dag["tasks"])
        assert (dag["max_active_runs"] > 1, not dag["limit"]) == (asks, asks), dag_id


def test_rehearsals_have_no_schedule_and_shops_do(found: dict) -> None:
    for dag_id, dag in found["dags"].items():
        assert (dag["schedule"] is None) == ("rehearsal" in dag["tags"]), dag_id


def test_every_task_has_an_owner_and_a_time_limit(found: dict) -> None:
    for dag in found["dags"].values():
        for task_id, task in dag["tasks"].items():
            assert task["owner"] != "airflow", task_id
            assert task["timeout"] or task_id == "no_campaign_due", task_id


def test_decide_runs_once_after_the_branch_whatever_happened_there(found: dict) -> None:
    tasks = found["dags"]["touchpoints_intraday__sandbox"]["tasks"]
    assert tasks["decide"]["rule"] == "all_done"
    assert {"unpaid_reminder.plan", "no_campaign_due"} <= set(tasks["decide"]["upstream"])
    assert "choose" not in tasks["decide"]["upstream"]  # the branch would skip it


def test_sending_reconciling_and_reporting_do_not_hang_on_the_branch(found: dict) -> None:
    tasks = found["dags"]["touchpoints_intraday__sandbox"]["tasks"]
    assert [tasks[name]["rule"] for name in ("dispatch", "reconcile", "report", "watch")] == ["all_done"] * 4


def test_getting_and_sending_have_pools_of_their_own(found: dict) -> None:
    tasks = found["dags"]["touchpoints_intraday__sandbox"]["tasks"]
    assert tasks["extract"]["pool"] == "touchpoint_ingest"
    assert tasks["dispatch"]["pool"] == "touchpoint_send"


def test_a_rehearsal_waits_behind_live_runs_in_the_pool_of_backfills(found: dict) -> None:
    for dag_id, dag in found["dags"].items():
        placed = {(task["pool"], task["weight"]) for task in dag["tasks"].values()}
        assert (placed == {("touchpoint_backfill", 0)}) == ("rehearsal" in dag["tags"]), dag_id


def test_an_approval_hangs_on_decide_alone_and_nothing_hangs_on_it(found: dict) -> None:
    asking = {
        dag_id: {name: task for name, task in dag["tasks"].items() if name.startswith("approve_")}
        for dag_id, dag in found["dags"].items()
    }
    assert list(asking["touchpoints_monthly__sandbox"]) == ["approve_monthly_promotion"]
    for dag_id, tasks in asking.items():
        assert "_monthly__" in dag_id or not tasks, dag_id
        for task in tasks.values():
            # All done: what one campaign could not decide keeps no other from being asked about.
            assert (task["upstream"], task["downstream"], task["rule"]) == (["decide"], [], "all_done")


def test_the_marketer_has_a_right_on_the_monthly_dags_of_every_shop_and_on_no_other(found: dict) -> None:
    for dag_id, dag in found["dags"].items():
        expected = {"Marketer": ["can_edit", "can_read"]} if "_monthly__" in dag_id else {}
        assert dag["rights"] == expected, dag_id


def test_extract_reads_what_the_shops_file_says_how_to_read(found: dict) -> None:
    for folder in ("shops", "rehearsals"):
        for path in (ROOT / "config" / folder).glob("*.yaml"):
            sources = yaml.safe_load(path.read_text(encoding="utf-8"))["sources"]
            read = found["dags"][f"touchpoints_daily__{path.stem}"]["read"]
            assert sorted(read) == sorted(sources), path.stem


def test_what_is_old_is_forgotten_once_a_day(found: dict) -> None:
    daily, intraday = (found["dags"][f"touchpoints_{cadence}__sandbox"]["tasks"] for cadence in ("daily", "intraday"))
    assert daily["upkeep"]["rule"] == "all_done"
    assert "upkeep" in daily["watch"]["upstream"]
    assert "upkeep" not in intraday


def test_the_daily_dag_alone_looks_at_all_recent_orders_before_it_judges(found: dict) -> None:
    daily, intraday = (found["dags"][f"touchpoints_{cadence}__sandbox"]["tasks"] for cadence in ("daily", "intraday"))
    assert "extract" in daily["rescan"]["upstream"]
    assert "rescan" in daily["validate"]["upstream"]
    assert daily["rescan"]["pool"] == "touchpoint_ingest"
    assert "rescan" not in intraday


def test_the_daily_dag_learns_beside_its_campaigns_and_nothing_waits_for_it(found: dict) -> None:
    daily, intraday = (found["dags"][f"touchpoints_{cadence}__sandbox"]["tasks"] for cadence in ("daily", "intraday"))
    assert "refresh" in daily["learn"]["upstream"]
    assert [name for name, of in daily.items() if "learn" in of["upstream"]] == ["watch"]
    assert "learn" not in intraday


def test_the_schedule_waits_while_the_switch_is_off(tmp_path: Path) -> None:
    switch = tmp_path / "schedule"
    switch.write_text("off\n")
    waiting = probe(tmp_path, TOUCHPOINT_SCHEDULE_SWITCH=str(switch))
    assert waiting["dags"]["touchpoints_intraday__sandbox"]["schedule"] is None


def test_a_broken_shop_file_stops_that_shop_alone(tmp_path: Path) -> None:
    import shutil

    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    (config / "shops" / "broken.yaml").write_text("id: broken\nnmae: x\n")
    found = probe(tmp_path, TOUCHPOINT_CONFIG=str(config))
    assert list(found["dags"]["touchpoints_intraday__broken"]["tasks"]) == ["config_check"]
    assert "touchpoints_intraday__sandbox" in found["dags"]


def test_a_broken_campaign_is_left_out_and_the_rest_run(tmp_path: Path) -> None:
    import shutil

    config = tmp_path / "config"
    shutil.copytree(ROOT / "config", config)
    body = (config / "campaigns" / "unpaid_reminder.yaml").read_text(encoding="utf-8")
    (config / "campaigns" / "typo.yaml").write_text(body.replace("id: unpaid_reminder", "id: typo\nchanel: sms"))
    found = probe(tmp_path, TOUCHPOINT_CONFIG=str(config))
    tasks = found["dags"]["touchpoints_intraday__sandbox"]["tasks"]
    assert "unpaid_reminder.plan" in tasks
    assert "typo.plan" not in tasks
    assert "config_check" in tasks["watch"]["upstream"]
