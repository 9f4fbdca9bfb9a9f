"""A whole installation for tests of what Airflow does with our DAGs: databases, sandbox, all four of its processes."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
import yaml

from touchpoint.clock import stopwatch
from touchpoint.db import Database
from touchpoint.local.airflow_api import AirflowApi
from touchpoint.local.clocks import stopped_clocks
from touchpoint.local.layout import USERS, Layout
from touchpoint.local.stack import Stack, choose_stack_ports, delete_everything, opened, stop_processes
from touchpoint.local.templates import register_templates
from touchpoint.services import LIVE, stop_clock
from touchpoint.settings import CONFIG_ROOT, load_shop, read_yaml

PATIENCE = 240.0
"""Seconds anything waited for may take, on a machine that does other things as well."""
PORTS = {"api": 8280, "sandbox": 8290, "smtp": 8225}
NOBODY = "nobody"


@dataclass
class Installation:
    """What is up, and a log-in for each of its users."""

    stack: Stack
    config: Path
    database: Database
    at: datetime
    tokens: dict[str, str] = field(default_factory=dict)

    def call(self, user: str, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and content of a request to Airflow, as a user; `nobody` has no log-in."""
        headers = dict(options.pop("headers", {}))
        if user != NOBODY:
            headers["Authorization"] = f"Bearer {self._token(user)}"
        with requests.Session() as session:
            session.trust_env = False
            given = {"json": body} if body is not None else {}
            answer = session.request(
                method,
                self.stack.api_url + path,
                headers=headers,
                timeout=60,
                allow_redirects=False,
                **given,
                **options,
            )
        try:
            return answer.status_code, answer.json()
        except ValueError:
            return answer.status_code, answer.text

    def run(self, dag_id: str) -> str:
        """Trigger a DAG as of the business clock; its run id."""
        body = {"logical_date": None, "conf": {"as_of": self.at.isoformat()}}
        status, answer = self.call("engineer", "POST", f"/api/v2/dags/{dag_id}/dagRuns", body)
        assert status == 200, answer
        return str(answer["dag_run_id"])

    def state(self, dag_id: str, run_id: str) -> str:
        """State of a run."""
        return str(self.call("engineer", "GET", run_path(dag_id, run_id))[1]["state"])

    def states(self, dag_id: str, run_id: str) -> dict[str, str | None]:
        """State of each task of a run; of a mapped one, of its last index."""
        found = self.call("engineer", "GET", f"{run_path(dag_id, run_id)}/taskInstances?limit=200")[1]
        return {task["task_id"]: task["state"] for task in found["task_instances"]}

    def wait(self, what: str, is_so: Callable[[], Any]) -> Any:
        """Ask until something is so; what it was."""
        started, pause = stopwatch(), threading.Event()
        while not (found := is_so()):
            assert stopwatch() - started < PATIENCE, f"{what}: not within {PATIENCE:.0f} s"
            pause.wait(0.4)
        return found

    def wait_for_state(self, dag_id: str, run_id: str, task_id: str, *states: str) -> str:
        """Wait until a task of a run is in one of some states."""
        return str(
            self.wait(
                f"{task_id} {states}, last {self.states(dag_id, run_id).get(task_id)}",
                lambda: state if (state := self.states(dag_id, run_id).get(task_id)) in states else None,
            )
        )

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Rows of a query of the test's own."""
        with self.database.transaction() as tx:
            return [tuple(row) for row in tx.connection.exec_driver_sql(query, values)]

    def stop_clock(self, at: datetime) -> None:
        """Set the business clock; runs still look from where they did, until `move_on`."""
        stop_clock(self.database, LIVE, at)

    def move_on(self, at: datetime) -> None:
        """Set the business clock, ours and the sandbox's; runs look from there."""
        self.at = at
        self.stop_clock(at)
        with requests.Session() as session:
            session.trust_env = False
            url = f"{self.stack.sandbox_url}/control/clock"
            assert session.post(url, json={"at": at.isoformat()}, timeout=30).ok

    def add_shop(self, shop_id: str) -> None:
        """One more shop like the sandbox's, reading from the same platform."""
        text = (CONFIG_ROOT / "shops" / "sandbox.yaml").read_text(encoding="utf-8")
        changed = text.replace("id: sandbox", f"id: {shop_id}").replace("adapter: ", "history: 3d\n    adapter: ")
        (self.config / "shops" / f"{shop_id}.yaml").write_text(changed, encoding="utf-8")

    def _token(self, user: str) -> str:
        if user not in self.tokens:
            secret = self.stack.secrets[f"password_{user}"]
            status, answer = self.call(NOBODY, "POST", "/auth/token", {"username": user, "password": secret})
            assert status == 201, answer
            self.tokens[user] = str(answer["access_token"])
        return self.tokens[user]


def run_path(dag_id: str, run_id: str) -> str:
    """A run in Airflow's API."""
    return f"/api/v2/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"


@contextmanager
def running_installation(
    folder: Path, at: datetime, shops: list[str], campaigns: dict[str, str]
) -> Iterator[Installation]:
    """An installation of its own, up with some shops and campaign files, its business clock stopped.

    Args:
        folder: an empty one.
        at: where the business clock stands, and the sandbox's history ends.
        shops: ids; each is like the sandbox's shop.
        campaigns: id -> text of the campaign file.
    """
    config = folder / "config"
    shutil.copytree(CONFIG_ROOT, config)
    for kind in ("shops", "rehearsals", "campaigns"):
        for path in (config / kind).glob("*"):
            path.unlink()
    # These name shops that are not here.
    norms = dict(read_yaml(config / "logistics.yaml"))
    norms.pop("shops", None)
    (config / "logistics.yaml").write_text(yaml.safe_dump(norms, allow_unicode=True, sort_keys=False), encoding="utf-8")
    for campaign_id, text in campaigns.items():
        (config / "campaigns" / f"{campaign_id}.yaml").write_text(text, encoding="utf-8")
    layout = Layout(var=folder / "var")
    with opened(layout, lambda text: None) as stack:
        stack.state.ports = dict(PORTS)
        choose_stack_ports(stack)
        stack.extra["TOUCHPOINT_CONFIG"] = str(config)
        stack.set_schedule("off")
        try:
            stack.start_databases()
            stack.start_sandbox(anchor=at.isoformat())
            stack.remember()
            database = Database(stack.state.server.url("touchpoint"))
            made = Installation(stack, config, database, at)
            for shop_id in shops:
                made.add_shop(shop_id)
            register_templates(stack.sandbox_url, load_shop(shops[0], config))
            with stopped_clocks(database, stack.sandbox_url, at):
                stack.start_airflow()
                api = AirflowApi(stack.api_url)
                dags = [f"touchpoints_{cadence}__{shop}" for shop in shops for cadence in ("monthly", "intraday")]
                stack.wait_for_airflow(api, dags)
                for dag_id in dags:
                    api.unpause(dag_id)
                api.close()
                yield made
            database.close()
        finally:
            stop_processes(layout, lambda text: None)
            delete_everything(layout)


__all__ = ["NOBODY", "USERS", "Installation", "run_path", "running_installation"]
