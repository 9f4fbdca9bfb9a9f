"""A real Airflow api-server with our plugin, FAB and our roles, as a process of a test session."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.sql.reports import ledger

from touchpoint.local.postgres import Server
from touchpoint.local.table import COMMON
from touchpoint.statements import ROOT

ROLES = {"engineer": "Admin", "marketer": "Marketer", "ops": "Op", "outsider": "Outsider"}
PASSWORDS = {name: f"{name}-secret" for name in ROLES}
OUTSIDER = [{"action": "can_read", "resource": "Website"}]
DAGS = """
from airflow.sdk import DAG
for dag_id in ("touchpoints_intraday__sandbox", "someone_elses"):
    with DAG(dag_id, schedule=None) as dag:
        pass
    globals()[dag_id] = dag
"""


@dataclass(frozen=True)
class Airflow:
    """The api-server under test."""

    url: str
    environment: dict[str, str] = field(repr=False)

    def token(self, user: str) -> str:
        """A log-in's token."""
        return str(self.call("POST", "/auth/token", {"username": user, "password": PASSWORDS[user]})[1]["access_token"])

    def ask_python(self, code: str) -> Any:
        """What a line of Python prints as JSON in an Airflow process of this installation."""
        return json.loads(_run(self.environment, "-c", code).splitlines()[-1])

    def headers(self, path: str, token: str) -> dict[str, str]:
        """Headers of a page, whatever its status."""
        request = urllib.request.Request(self.url + path, headers={"Authorization": f"Bearer {token}"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return {key.title(): value for key, value in answer.headers.items()}
        except urllib.error.HTTPError as refused:
            with refused:
                return {key.title(): value for key, value in refused.headers.items()}

    def call(self, method: str, path: str, body: Any = None, token: str | None = None) -> tuple[int, Any]:
        """Status and content (JSON where it is some) of one request."""
        request = urllib.request.Request(self.url + path, method=method)  # noqa: S310
        request.add_header("Content-Type", "application/json")
        if token:
            request.add_header("Authorization", f"Bearer {token}")
        data = json.dumps(body).encode() if body is not None else None
        try:
            with urllib.request.urlopen(request, data, timeout=30) as answer:  # noqa: S310
                status, raw = answer.status, answer.read().decode()
        except urllib.error.HTTPError as refused:
            with refused:
                status, raw = refused.code, refused.read().decode()
        try:
            return status, json.loads(raw)
        except ValueError:
            return status, raw


@contextmanager
def running_airflow(server: Server, reported: str, home: Path) -> Iterator[Airflow]:
    """An api-server over a reported Touchpoint database, its DAGs and runs made, ready to answer."""
    port = _free_port()
    environment = _environment(server, reported, home, port)
    users = {name: {"role": role, "password": PASSWORDS[name]} for name, role in ROLES.items()}
    _run(environment, "-m", "airflow", "db", "migrate")
    _run(environment, "-m", "touchpoint.orchestration.installation", given=json.dumps(users))
    _run(environment, "-m", "airflow", "dags", "reserialize")
    with (home / "api-server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "api-server"], env=environment, cwd=home, stdout=log, stderr=log
        )
    try:
        found = Airflow(f"http://127.0.0.1:{port}", environment)
        _await(found, process, home / "api-server.log")
        token = found.token("engineer")
        for dag_id in (ledger.DAG, "someone_elses"):
            status, answer = found.call(
                "POST", f"/api/v2/dags/{dag_id}/dagRuns", {"dag_run_id": ledger.RUN_ID, "logical_date": None}, token
            )
            assert status == 200, answer
        yield found
    finally:
        process.terminate()
        process.wait(30)


def log_in(page: Page, user: str) -> None:
    """Log in by Airflow's own form."""
    page.goto("/")
    page.locator("input[name=username]").fill(user)
    page.locator("input[name=password]").fill(PASSWORDS[user])
    page.locator("[type=submit]").click()
    page.wait_for_url(lambda url: "/auth/" not in url)


def _environment(server: Server, reported: str, home: Path, port: int) -> dict[str, str]:
    folder = home / "dags"
    folder.mkdir()
    (folder / "dags.py").write_text(DAGS)
    roles = {**json.loads(COMMON["AIRFLOW__FAB__CUSTOM_ROLES"]), "Outsider": OUTSIDER}
    connection = {
        "conn_type": "postgres", "host": "localhost", "login": "postgres", "schema": reported,
        "extra": {"socket_dir": str(server.socket_dir), "hash_key": "test"},
    }  # fmt: skip
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("AIRFLOW", "PYTHON"))}
    airflow_database = f"airflow_{os.getpid()}"
    server.create_database(airflow_database)
    return {
        **kept,
        **COMMON,
        "PYTHONPATH": str(ROOT / "plugins"),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW_CONN_TOUCHPOINT": json.dumps(connection),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__FAB__CUSTOM_ROLES": json.dumps(roles),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": server.url(airflow_database),
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-at-least-sixty-four-characters-for-the-hmac-of-the-tests-alone",
    }


def _run(environment: dict[str, str], *arguments: str, given: str = "") -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment, cwd=environment["AIRFLOW_HOME"], input=given, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def _await(airflow: Airflow, process: subprocess.Popen[bytes], log: Path) -> None:
    pause = threading.Event()
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            if airflow.call("GET", "/api/v2/version")[0] == 200:
                return
        except OSError:
            pause.wait(0.2)
    raise AssertionError(log.read_text()[-4000:])


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
