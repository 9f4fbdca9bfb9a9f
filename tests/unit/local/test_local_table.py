"""The processes' environment and rights."""

from __future__ import annotations

import json

import pytest

from touchpoint.local.layout import Layout, load_secrets, load_state
from touchpoint.local.table import MARKETER, commands, environment, native, settings


@pytest.fixture
def layout(tmp_path):
    made = Layout(var=tmp_path / "var")
    made.make_folders()
    return made


@pytest.fixture
def state(layout):
    state = load_state(layout)
    state.ports = {"api": 8080, "sandbox": 8090, "smtp": 8025}
    return state


def test_stray_settings_of_another_airflow_do_not_leak_in(layout, state, monkeypatch):
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "SequentialExecutor")
    monkeypatch.setenv("AIRFLOW_CONN_SANDBOX_SMS", "http://a-real-provider")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    found = environment(layout, state, load_secrets(layout))
    assert found["AIRFLOW__CORE__EXECUTOR"] == "LocalExecutor"
    assert "AIRFLOW_CONN_SANDBOX_SMS" not in found
    assert "PYTHONDONTWRITEBYTECODE" not in found
    assert (found["HTTPS_PROXY"], found["NO_PROXY"]) == ("http://proxy.example:3128", "127.0.0.1,localhost")


def test_connections_of_the_sandbox_are_the_ones_it_wrote_down(layout, state):
    (layout.sandbox_state / "connections.json").write_text('{"sandbox_sms": "{}"}', encoding="utf-8")
    assert settings(layout, state, load_secrets(layout))["AIRFLOW_CONN_SANDBOX_SMS"] == "{}"


def test_the_touchpoint_connection_carries_hash_key_and_environment(layout, state):
    secrets = load_secrets(layout)
    connection = json.loads(settings(layout, state, secrets)["AIRFLOW_CONN_TOUCHPOINT"])
    assert connection["extra"] == {
        "socket_dir": str(state.server.socket_dir),
        "hash_key": secrets["hash_key"],
        "environment_id": secrets["environment_id"],
    }


def test_the_marketer_may_read_and_answer_and_nothing_else():
    assert {action for action, _ in MARKETER} == {"can_read", "can_edit", "menu_access"}
    # Answering takes the right to edit the DAG as well: her role has that of no DAG, the monthly ones give it to her.
    assert [resource for action, resource in MARKETER if action == "can_edit"] == ["HITL Detail"]
    hidden = {"Task Logs", "XComs", "Connections", "Variables", "DAG Code", "Configurations", "Audit Logs", "Pools"}
    assert not hidden & {resource for _, resource in MARKETER}


def test_no_server_listens_beyond_this_machine():
    table = commands(host="127.0.0.1", ports={"api": 1, "sandbox": 2, "smtp": 3}, sandbox_state="s")
    assert table["api-server"][2:4] == ["--host", "127.0.0.1"]
    assert [name for name, command in table.items() if "--skip-serve-logs" in command] == ["scheduler", "triggerer"]


def test_programs_of_the_table_run_with_this_interpreter():
    import sys

    assert native(["airflow", "scheduler"]) == [sys.executable, "-m", "airflow", "scheduler"]
    assert native(["python", "-m", "x"]) == [sys.executable, "-m", "x"]
