"""Reading Airflow's answers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from touchpoint.local.airflow_api import is_healthy, log_place, task_name
from touchpoint.local.cycle import dag_ids, waits_for_a_person

BEGUN = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


def _health(**late: timedelta) -> dict[str, dict[str, str | None]]:
    beats = {name: BEGUN + late.get(name, timedelta(seconds=1)) for name in ("scheduler", "triggerer", "dag_processor")}
    return {
        "metadatabase": {"status": "healthy"},
        **{
            name: {"status": "healthy", f"latest_{name}_heartbeat": beat.isoformat().replace("+00:00", "Z")}
            for name, beat in beats.items()
        },
    }


def test_health_is_believed_once_every_component_has_a_new_heartbeat():
    assert is_healthy(_health(), BEGUN)


@pytest.mark.parametrize("component", ["scheduler", "triggerer", "dag_processor"])
def test_a_heartbeat_of_the_process_before_is_not_believed(component):
    assert not is_healthy(_health(**{component: timedelta(seconds=-1)}), BEGUN)


def test_nobody_answering_is_not_healthy():
    assert not is_healthy({}, BEGUN)
    assert not is_healthy({**_health(), "triggerer": {"status": None, "latest_triggerer_heartbeat": None}}, BEGUN)


def test_a_failed_task_is_named_with_the_place_of_its_log():
    task = {"dag_id": "d", "dag_run_id": "r", "task_id": "extract", "map_index": 2, "try_number": 3}
    assert task_name(task) == "extract[2]"
    assert log_place(task) == "dag_id=d/run_id=r/task_id=extract/map_index=2/attempt=3.log"
    assert log_place({**task, "map_index": -1, "try_number": 0}) == "dag_id=d/run_id=r/task_id=extract/attempt=1.log"


def test_a_cycle_is_the_daily_dag_the_intraday_one_and_then_the_monthly_one():
    assert dag_ids("sandbox") == [
        "touchpoints_daily__sandbox",
        "touchpoints_intraday__sandbox",
        "touchpoints_monthly__sandbox",
    ]


def test_a_run_that_only_waits_for_a_person_has_nothing_left_to_do():
    def tasks(**states):
        return [{"task_id": name, "map_index": -1, "state": state} for name, state in states.items()]

    assert waits_for_a_person(tasks(decide="success", approve="awaiting_input", report="success")) == ("approve",)
    assert waits_for_a_person(tasks(decide="success", approve="awaiting_input", report=None)) == ()
    assert waits_for_a_person(tasks(decide="success", approve="awaiting_input", report="running")) == ()
    assert waits_for_a_person(tasks(decide="success", approve="skipped", report="success")) == ()
    assert waits_for_a_person([]) == ()
