"""The process table and its environment: what runs, here natively and in docker-compose.yml in containers.

A test compares the two, so that they cannot drift.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from sqlalchemy import make_url

from touchpoint.local.layout import Layout, State
from touchpoint.local.ports import HOST

MARKETER = [
    # Reads DAGs, their runs and the states of tasks, and the pages of plugins. No task logs, XComs, code, connections,
    # variables. Airflow's list of DAGs is refused without the right to read what waits for an answer (HITL Detail), its
    # graph without the one to read dependencies. To answer takes the right to edit an answer and the right to edit that
    # very DAG; the monthly DAGs give her the latter themselves (orchestration/dag.py), no other does.
    ("can_read", "Website"),
    ("can_read", "DAGs"),
    ("can_read", "DAG Runs"),
    ("can_read", "Task Instances"),
    ("can_read", "HITL Detail"),
    ("can_edit", "HITL Detail"),
    ("can_read", "DAG Dependencies"),
    ("can_read", "Plugins"),
    ("menu_access", "DAGs"),
    ("menu_access", "HITL Detail"),
    ("menu_access", "Plugins"),
]
"""FAB permissions of the role Marketer."""

PYTHON_FOLDERS = ("plugins", ".", "include/airflow")
"""Folders of the repository that Python finds modules in; include/airflow holds Airflow's local settings."""

COMMON = {
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__PARALLELISM": "4",
    # A new file is seen after this many seconds; the default is five minutes.
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",
    # Roles and rights are made once, by touchpoint.orchestration.installation, not at every start of the api-server.
    "AIRFLOW__FAB__UPDATE_FAB_PERMS": "False",
    "AIRFLOW__FAB__CUSTOM_ROLES": json.dumps(
        {"Marketer": [{"action": action, "resource": resource} for action, resource in MARKETER]}
    ),
    # Measured: runs are three to four times faster than with the default of one second.
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.2",
    # A killed worker is noticed after half a minute instead of five.
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "60",
    "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT_DETECTION_INTERVAL": "10",
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}
"""Airflow settings that are the same wherever the table runs."""


def commands(*, host: str, ports: dict[str, int], sandbox_state: str, sandbox_host: str = HOST) -> dict[str, list[str]]:
    """The processes by name, in the order they are started; `sandbox_host` is how the others find the sandbox.

    The two log servers of Airflow (of the scheduler's workers and of the triggerer) cannot be told to listen on one
    address alone; they are left out: the api-server reads the log files itself, from the folder they share.
    """
    return {
        "sandbox": [
            *("python", "-m", "touchpoint.sandbox", "--host", host, "--known-as", sandbox_host),
            *("--port", str(ports["sandbox"]), "--smtp-port", str(ports["smtp"]), "--state-dir", sandbox_state),
        ],
        "api-server": ["airflow", "api-server", "--host", host, "--port", str(ports["api"])],
        "scheduler": ["airflow", "scheduler", "--skip-serve-logs"],
        "dag-processor": ["airflow", "dag-processor"],
        "triggerer": ["airflow", "triggerer", "--skip-serve-logs"],
    }


def native(command: list[str]) -> list[str]:
    """A command of the table with this very interpreter."""
    program, *arguments = command
    return [sys.executable, *(["-m", "airflow"] if program == "airflow" else []), *arguments]


def environment(layout: Layout, state: State, secrets: dict[str, str]) -> dict[str, str]:
    """The environment of every process here: the person's own, less what would mislead Airflow, plus ours."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("AIRFLOW_", "_AIRFLOW", "TOUCHPOINT_")) and key != "PYTHONDONTWRITEBYTECODE"
    }
    paths = os.pathsep.join(str(layout.root / folder) for folder in PYTHON_FOLDERS)
    # Everything is spoken to on this machine: never through somebody's proxy.
    no_proxy = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
    return {**kept, **no_proxy, "PYTHONPATH": paths, **settings(layout, state, secrets)}


def settings(layout: Layout, state: State, secrets: dict[str, str]) -> dict[str, str]:
    """Our own variables: Airflow's settings and the connections of the sandbox shop."""
    api = f"http://{HOST}:{state.ports['api']}"
    server = state.server
    return {
        **COMMON,
        "AIRFLOW_HOME": str(layout.airflow_home),
        "AIRFLOW__API__BASE_URL": api,
        "AIRFLOW__API__PORT": str(state.ports["api"]),
        "AIRFLOW__API__SECRET_KEY": secrets["api_secret_key"],
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets["jwt_secret"],
        "AIRFLOW__CORE__DAGS_FOLDER": str(layout.dags),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{api}/execution/",
        "AIRFLOW__CORE__FERNET_KEY": secrets["fernet_key"],
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(layout.root / "plugins"),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.url("airflow"),
        "TOUCHPOINT_SCHEDULE_SWITCH": str(layout.schedule_switch),
        **touchpoint_connection(server.url("touchpoint"), server.socket_dir, secrets),
        **sandbox_connections(layout),
    }


def touchpoint_connection(url: str, socket_dir: Path, secrets: dict[str, str]) -> dict[str, str]:
    """The connection `touchpoint`: the database, and in its extra the hash key and the environment's id."""
    parts = make_url(url)
    return _connection(
        "touchpoint",
        conn_type="postgres",
        host=parts.host,
        login=parts.username,
        schema=parts.database,
        extra={
            "socket_dir": str(socket_dir),
            "hash_key": secrets["hash_key"],
            "environment_id": secrets["environment_id"],
        },
    )


def sandbox_connections(layout: Layout) -> dict[str, str]:
    """The connections of the sandbox shop, as the sandbox itself wrote them down when it was ready."""
    path = layout.sandbox_state / "connections.json"
    if not path.is_file():
        return {}
    stored: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return {f"AIRFLOW_CONN_{name.upper()}": text for name, text in stored.items()}


def _connection(name: str, **content: object) -> dict[str, str]:
    return {f"AIRFLOW_CONN_{name.upper()}": json.dumps(content)}
