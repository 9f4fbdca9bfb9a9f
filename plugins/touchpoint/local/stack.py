"""The whole installation as one thing: brought up in order, watched, stopped again by what it remembers of itself."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import requests

from touchpoint.clock import real_now, stopwatch
from touchpoint.errors import TouchpointError
from touchpoint.local import processes
from touchpoint.local.airflow_api import AirflowApi, is_healthy
from touchpoint.local.layout import Layout, State, load_secrets, load_state, save_state, write_private
from touchpoint.local.ports import HOST, choose_ports
from touchpoint.local.prepare import prepare_airflow, prepare_touchpoint, schema_version
from touchpoint.local.table import commands, environment, native, settings

LAUNCHER = "launcher"
AIRFLOW = ("api-server", "scheduler", "dag-processor", "triggerer")
TASK_GRACE = 20.0
"""Seconds running tasks are given to end. Those that still run then are ended, which is safe: what they did not finish
is found again at the next start."""
GRACE = 5.0
"""Seconds any other process is given. Seen: a scheduler that hangs on idle workers, a triggerer that takes twelve."""
START_PATIENCE = 120.0


@dataclass
class Stack:
    """One installation while this process works on it."""

    layout: Layout
    state: State
    secrets: dict[str, str]
    say: Callable[[str], None]
    seconds: dict[str, float] = field(default_factory=dict)
    airflow_started_at: datetime = field(default_factory=real_now)
    extra: dict[str, str] = field(default_factory=dict)  # variables its processes get on top

    @property
    def api_url(self) -> str:
        """Where Airflow's UI is."""
        return f"http://{HOST}:{self.state.ports['api']}"

    @property
    def sandbox_url(self) -> str:
        """Where the sandbox answers."""
        return f"http://{HOST}:{self.state.ports['sandbox']}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment of its processes."""
        return {**environment(self.layout, self.state, self.secrets), **self.extra}

    @contextmanager
    def stage(self, name: str, what: str) -> Iterator[None]:
        """Say what begins, and keep how many seconds it took."""
        self.say(what)
        started = stopwatch()
        yield
        self.seconds[name] = stopwatch() - started

    def remember(self) -> None:
        """Write down the state, and for shells the variables of the installation."""
        save_state(self.layout, self.state)
        write_private(
            self.layout.var / "environment.json",
            json.dumps(settings(self.layout, self.state, self.secrets), indent=2) + "\n",
        )

    def start_databases(self) -> None:
        """PostgreSQL with both databases, Touchpoint's migrated."""
        self.state.server.start()
        for name in ("airflow", "touchpoint"):
            self.state.server.create_database(name)
        prepare_touchpoint(self.state.server.url("touchpoint"), self.secrets["environment_id"])

    def start_sandbox(self, *, anchor: str | None) -> None:
        """The sandbox; a fresh one gets its anchor, the instant its history ends at."""
        command = self._commands()["sandbox"]
        is_fresh = not (self.layout.sandbox_state / "world.json").exists()
        self._start("sandbox", command + (["--anchor", anchor] if anchor and is_fresh else []))
        self._wait_for("sandbox", self._sandbox_answers)

    def start_airflow(self) -> None:
        """Airflow's four processes, its database prepared first."""
        self.prepare_airflow()
        self.airflow_started_at = real_now()
        for name in AIRFLOW:
            self._start(name, self._commands()[name])

    def prepare_airflow(self) -> None:
        """Airflow's schema, roles, users and pools where they are missing."""
        wanted = schema_version()
        if self.state.migrated_by != wanted:
            self.say("Preparing Airflow's database (once)")
            prepare_airflow(self.layout, self.environment, self.secrets)
            self.state.migrated_by = wanted
            self.remember()

    def wait_for_airflow(self, api: AirflowApi, dag_ids: list[str]) -> None:
        """Wait until every component is well and the DAGs were read by this very dag-processor.

        Raises:
            TouchpointError: a process ended, a DAG file does not load, or it took too long.
        """
        self._wait_for("api-server", api.warm_up)
        for name in AIRFLOW:
            self._wait_for(name, lambda: is_healthy(api.health(), self.airflow_started_at))
        api.log_in("engineer", self.secrets["password_engineer"])
        for dag_id in dag_ids:
            self._wait_for("dag-processor", lambda dag_id=dag_id: self._is_unscheduled(api, dag_id))  # type: ignore[misc]

    def set_schedule(self, word: str) -> None:
        """`on` or `off`: what the DAG files read at their next parse."""
        self.layout.schedule_switch.write_text(f"{word}\n", encoding="utf-8")

    def dead(self) -> list[str]:
        """Processes that should run and do not."""
        return [spawned.name for spawned in processes.recall_all(self.layout) if not processes.is_alive(spawned)]

    def restart(self, name: str) -> None:
        """Start one process of the table again."""
        self._start(name, self._commands()[name])

    def _commands(self) -> dict[str, list[str]]:
        return commands(host=HOST, ports=self.state.ports, sandbox_state=str(self.layout.sandbox_state))

    def _start(self, name: str, command: list[str]) -> None:
        left = processes.recall(self.layout, name)
        if left:
            processes.stop(self.layout, left, grace=GRACE)
        processes.start(self.layout, name, native(command), self.environment)

    def _wait_for(self, name: str, is_ready: Callable[[], bool]) -> None:
        started = stopwatch()
        while not is_ready():
            spawned = processes.recall(self.layout, name)
            ended = spawned is None or not processes.is_alive(spawned)
            if ended or stopwatch() - started > START_PATIENCE:
                raise TouchpointError(
                    f"{'ended' if ended else 'is not ready'} after {stopwatch() - started:.0f} s:\n"
                    f"{processes.log_tail(self.layout, name)}",
                    place=name,
                    remedy=f"see {processes.log_file(self.layout, name)}",
                )
            time.sleep(0.25)

    def _sandbox_answers(self) -> bool:
        with requests.Session() as session:
            session.trust_env = False
            try:
                return session.get(f"{self.sandbox_url}/health", timeout=10).ok
            except requests.RequestException:
                return False

    def _is_unscheduled(self, api: AirflowApi, dag_id: str) -> bool:
        # Read before the switch said off, a DAG would be run by its schedule between the two runs of the cycle.
        dag = api.dag(dag_id)
        if dag is None or dag["timetable_periodic"] or dag["is_stale"]:
            errors = api.import_errors()
            if errors:
                raise TouchpointError(
                    f"does not load:\n{errors[0]['stack_trace'][-1500:]}",
                    place=errors[0]["filename"],
                    remedy="correct it and start again",
                )
            return False
        return True


@contextmanager
def opened(layout: Layout, say: Callable[[str], None]) -> Iterator[Stack]:
    """The installation, held by this process alone for the length of a block.

    Raises:
        TouchpointError: another launcher holds it.
    """
    layout.make_folders()
    with (layout.run / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise TouchpointError(
                "is running already", place="make run", remedy="see make status, make stop"
            ) from error
        state, secrets = load_state(layout), load_secrets(layout)
        processes.remember(layout, LAUNCHER, os.getpid())
        try:
            yield Stack(layout, state, secrets, say)
        finally:
            processes.forget(layout, LAUNCHER)


def choose_stack_ports(stack: Stack) -> None:
    """Ports for this start; says so where they are not the ones before."""
    before = dict(stack.state.ports)
    stack.state.ports = choose_ports(before)
    for name, port in stack.state.ports.items():
        if before and before.get(name) != port:
            stack.say(f"Port {before.get(name)} is taken: {name} moves to {port}")


def stop_processes(layout: Layout, say: Callable[[str], None]) -> None:
    """Stop every process this installation started, PostgreSQL last."""
    spawned = {each.name: each for each in processes.recall_all(layout) if each.name != LAUNCHER}
    for name in ("scheduler", "triggerer"):
        if name in spawned:
            processes.ask_to_end(spawned[name])
    if "scheduler" in spawned and not _tasks_end(spawned["scheduler"]):
        say(f"Tasks still run after {TASK_GRACE:.0f} s and are ended; they are found again at the next start")
    processes.stop_all(layout, list(spawned.values()), grace=GRACE)
    if (layout.var / "state.json").is_file():
        load_state(layout).server.stop()


def _tasks_end(scheduler: processes.Spawned) -> bool:
    """Wait while the scheduler waits for its tasks: they still need the api-server and the sandbox."""
    started = stopwatch()
    while processes.has_grandchildren(scheduler):
        if stopwatch() - started > TASK_GRACE:
            return False
        time.sleep(0.1)
    return True


def stop_launcher(layout: Layout) -> None:
    """End a launcher that is up in another terminal, and wait until it has stopped everything."""
    launcher = processes.recall(layout, LAUNCHER)
    if launcher and launcher.pid != os.getpid():
        processes.stop_alone(launcher, grace=90.0)


def delete_everything(layout: Layout) -> None:
    """Delete both databases and var/."""
    if (layout.var / "state.json").is_file():
        load_state(layout).server.remove()
    shutil.rmtree(layout.var, ignore_errors=False)
