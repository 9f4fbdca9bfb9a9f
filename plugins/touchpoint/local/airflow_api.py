"""Airflow's own REST API, as far as the launcher needs it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import requests

from touchpoint.errors import TouchpointError

TIMEOUT = 30
"""Seconds one call may take."""
FAILED = ("failed", "upstream_failed")


class AirflowApi:
    """A session with one api-server, by its address (http://127.0.0.1:PORT)."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False  # never through somebody's proxy

    def close(self) -> None:
        """Close its connections."""
        self.session.close()

    def health(self) -> dict[str, Any]:
        """Health of each component with its last heartbeat; empty while nobody answers. Needs no log-in."""
        try:
            answer = self.session.get(f"{self.url}/api/v2/monitor/health", timeout=TIMEOUT)
        except requests.RequestException:
            return {}
        return dict(answer.json()) if answer.ok else {}

    def warm_up(self) -> bool:
        """Whether the side tasks talk to answers. Its first answer takes seconds, which the first tasks would wait."""
        try:
            return self.session.get(f"{self.url}/execution/health", timeout=TIMEOUT).ok
        except requests.RequestException:
            return False

    def log_in(self, user: str, password: str) -> None:
        """Take a token for the calls that follow.

        Raises:
            TouchpointError: the log-in is refused.
        """
        answer = self.session.post(
            f"{self.url}/auth/token", json={"username": user, "password": password}, timeout=TIMEOUT
        )
        if not answer.ok:
            raise TouchpointError(
                f"the log-in of {user} is refused ({answer.status_code})",
                place="Airflow",
                remedy="if that password was changed in the UI, write the new one into var/secrets.json",
            )
        self.session.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def dag(self, dag_id: str) -> dict[str, Any] | None:
        """A DAG as the dag-processor stored it, or None."""
        answer = self.session.get(f"{self.url}/api/v2/dags/{dag_id}", timeout=TIMEOUT)
        return self._checked(answer) if answer.status_code != 404 else None

    def file_token(self, dag_id: str) -> str:
        """What names a DAG's file to `reparse`."""
        return str(self._get(f"dags/{dag_id}/details")["file_token"])

    def reparse(self, file_token: str) -> None:
        """Ask the dag-processor to read a DAG file now."""
        self._checked(self.session.put(f"{self.url}/api/v2/parseDagFile/{file_token}", timeout=TIMEOUT))

    def import_errors(self) -> list[dict[str, Any]]:
        """DAG files that do not load, with the error."""
        return list(self._get("importErrors")["import_errors"])

    def unpause(self, dag_id: str) -> None:
        """Let a DAG run."""
        self._checked(
            self.session.patch(f"{self.url}/api/v2/dags/{dag_id}", json={"is_paused": False}, timeout=TIMEOUT)
        )

    def trigger(self, dag_id: str, conf: dict[str, str]) -> str:
        """Start a run without a logical date; returns its run id."""
        answer = self.session.post(
            f"{self.url}/api/v2/dags/{dag_id}/dagRuns", json={"logical_date": None, "conf": conf}, timeout=TIMEOUT
        )
        return str(self._checked(answer)["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """State of a run: queued, running, success, failed."""
        return str(self._get(f"dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Task instances of a run, by start."""
        found = self._get(f"dags/{dag_id}/dagRuns/{run_id}/taskInstances", limit=200)["task_instances"]
        return sorted(found, key=lambda task: (task["start_date"] or "9", task["task_id"], task["map_index"]))

    def _get(self, path: str, **query: int) -> dict[str, Any]:
        return self._checked(self.session.get(f"{self.url}/api/v2/{path}", params=query, timeout=TIMEOUT))

    def _checked(self, answer: requests.Response) -> dict[str, Any]:
        if not answer.ok:
            path = answer.request.path_url.partition("?")[0]
            raise TouchpointError(
                f"{answer.request.method} {path} answered {answer.status_code}: {answer.text[:300]}",
                place="Airflow",
                remedy="see var/log/api-server.log",
            )
        return dict(answer.json()) if answer.content and answer.text != "null" else {}


def is_healthy(health: dict[str, Any], since: datetime) -> bool:
    """Whether every component is healthy by a heartbeat later than `since`.

    The status alone would also say healthy shortly after a restart, by the heartbeats of the processes before.
    """
    if not health or health["metadatabase"]["status"] != "healthy":
        return False
    for component in ("scheduler", "triggerer", "dag_processor"):
        beat = (health.get(component) or {}).get(f"latest_{component}_heartbeat")
        if not beat or datetime.fromisoformat(beat) <= since:
            return False
    return True


def task_name(task: dict[str, Any]) -> str:
    """A task instance's name, with its map index if it has one."""
    return str(task["task_id"]) + (f"[{task['map_index']}]" if task["map_index"] >= 0 else "")


def log_place(task: dict[str, Any]) -> str:
    """Where below Airflow's log folder the last attempt of a task instance wrote."""
    mapped = f"map_index={task['map_index']}/" if task["map_index"] >= 0 else ""
    return (
        f"dag_id={task['dag_id']}/run_id={task['dag_run_id']}/task_id={task['task_id']}/{mapped}"
        f"attempt={max(task['try_number'], 1)}.log"
    )
