"""`make run`: everything up in order, one cycle, then a summary; stays up on schedule until it is told to end."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console
from rich.markup import escape

from touchpoint.clock import real_now, stopwatch
from touchpoint.db import Database
from touchpoint.errors import TouchpointError
from touchpoint.local import processes, summary
from touchpoint.local.airflow_api import AirflowApi
from touchpoint.local.clocks import check_now, latest_first_cycle, parse_now, stopped_clocks
from touchpoint.local.cycle import ONLY_FIRST, dag_ids, run_dag
from touchpoint.local.layout import Layout, earlier_databases
from touchpoint.local.stack import Stack, choose_stack_ports, opened, stop_processes
from touchpoint.local.table import native
from touchpoint.local.templates import register_templates
from touchpoint.settings import Shop, load_shop

SHOP = "sandbox"
REST = 5.0
"""Seconds between two looks at the processes, and before a dead one is started again."""


def up(layout: Layout, console: Console, *, once: bool, now: str | None) -> bool:
    """Start everything, run one cycle, show its figures; unless `once`, stay up until Ctrl-C. Then stop everything.

    Returns:
        Whether the cycle succeeded.

    Raises:
        TouchpointError: something did not start; everything is stopped again by then.
    """
    begun = stopwatch()

    def say(text: str) -> None:
        console.print(f"[dim]{stopwatch() - begun:6.1f} s[/dim]  {text}", highlight=False, soft_wrap=True)

    shop = load_shop(SHOP)
    with opened(layout, say) as stack, _interruptible():
        api = None
        try:
            stop_processes(layout, say)  # what a launcher that was killed left behind
            choose_stack_ports(stack)
            api = AirflowApi(stack.api_url)
            succeeded = _bring_up(stack, api, shop, now)
            _show(stack, console)
            if not once:
                _stay(stack, api, succeeded)
        finally:
            _ignore_signals()
            say("Stopping")
            if api:
                _unschedule(stack, api)
                api.close()
            stop_processes(layout, say)
    return succeeded


def _bring_up(stack: Stack, api: AirflowApi, shop: Shop, now: str | None) -> bool:
    is_first = not stack.state.first_cycle_done
    stack.set_schedule("off")
    stack.remember()
    _mention_earlier_databases(stack)
    with stack.stage("database", "Starting PostgreSQL, bringing the schema up to date"):
        stack.start_databases()
    database = Database(stack.state.server.url("touchpoint"), application="touchpoint-local")
    try:
        at = _instant(database, shop, now, is_first=is_first)
        with stack.stage("sandbox", "Starting the sandbox: shop platform, SMS gateway, mailbox"):
            stack.start_sandbox(anchor=at.isoformat() if at else None)
            register_templates(stack.sandbox_url, shop)
        stack.remember()
        before = summary.newest_run(database, shop)
        with stopped_clocks(database, stack.sandbox_url, at):
            succeeded = _cycle(stack, api, shop, at, is_first=is_first)
        stack.seconds["total"] = sum(stack.seconds.values())
        figures = summary.summarise(database, shop, before, stack.seconds)
    finally:
        database.close()
    summary.write(stack.layout.summary, figures)
    if succeeded and is_first:
        stack.state.first_cycle_done = True
        stack.remember()
    return succeeded


def _instant(database: Database, shop: Shop, now: str | None, *, is_first: bool) -> datetime | None:
    from touchpoint.facts import head

    if now is None:
        return latest_first_cycle(shop.tz, real_now()) if is_first else None
    at = parse_now(now, shop.tz)
    with database.transaction() as tx:
        check_now(at, head.read(tx, shop.id).at)
    return at


def _cycle(stack: Stack, api: AirflowApi, shop: Shop, at: datetime | None, *, is_first: bool) -> bool:
    with stack.stage("airflow", "Starting Airflow: api-server, scheduler, dag-processor, triggerer"):
        stack.start_airflow()
    if is_first and at:
        with stack.stage(
            "history", f"Loading the shop's history as of {at.astimezone(shop.tz):%Y-%m-%d %H:%M} shop time"
        ):
            _load_history(stack, shop, at)
    with stack.stage("ready", "Waiting for Airflow"):
        stack.wait_for_airflow(api, dag_ids(shop.id))
    succeeded = True
    for dag_id in dag_ids(shop.id):
        if is_first:
            api.unpause(dag_id)
        elif f"_{ONLY_FIRST}__" in dag_id:
            continue
        with stack.stage(dag_id.partition("__")[0].removeprefix("touchpoints_"), f"Running {dag_id}"):
            ended = run_dag(api, dag_id, at, stack.layout.airflow_home / "logs", stack.say)
        for name in ended.waiting:
            stack.say(f"  {name} waits for the marketer's answer; nothing else does")
        if ended.state != "success":
            succeeded = False
            stack.say(f"[red]{dag_id} failed[/red]")
            for failure in ended.failed:
                stack.say(f"  {escape(failure)}")
    return succeeded


def _load_history(stack: Stack, shop: Shop, at: datetime) -> None:
    command = native(["python", "-m", "touchpoint.cli", "ingest", "--shop", shop.id, "--as-of", at.isoformat()])
    path = processes.log_file(stack.layout, "history")
    with path.open("wb") as log:
        done = subprocess.run(
            command, cwd=stack.layout.root, env=stack.environment, stdout=log, stderr=subprocess.STDOUT
        )
    if done.returncode:
        raise TouchpointError(
            f"the history could not be loaded:\n{processes.log_tail(stack.layout, 'history')}",
            place=str(path),
            remedy="correct the cause and start again",
        )


def _show(stack: Stack, console: Console) -> None:
    summary.show(console, json.loads(stack.layout.summary.read_text(encoding="utf-8")))
    console.print(f"Figures    {stack.layout.summary}", highlight=False, soft_wrap=True)


def _stay(stack: Stack, api: AirflowApi, succeeded: bool) -> None:
    if succeeded:
        stack.set_schedule("on")
        for dag_id in dag_ids(SHOP):
            api.reparse(api.file_token(dag_id))
        stack.say(f"[bold green]Up[/bold green], DAGs on schedule: {stack.api_url}")
    else:
        stack.say(f"[bold red]The cycle failed[/bold red]; nothing is scheduled. Look at its tasks: {stack.api_url}")
    stack.say(f"Log-ins of engineer, marketer and ops: {stack.layout.passwords}")
    stack.say("Ctrl-C stops everything")
    try:
        while True:
            time.sleep(REST)
            for name in stack.dead():
                stack.say(f"{name} ended: starting it again (see {processes.log_file(stack.layout, name)}.1)")
                stack.restart(name)
    except KeyboardInterrupt:
        return


def _unschedule(stack: Stack, api: AirflowApi) -> None:
    """Leave the DAGs unscheduled in Airflow's database, so that the next start runs none before its own cycle."""
    was_on = stack.layout.schedule_switch.read_text(encoding="utf-8").strip() == "on"
    stack.set_schedule("off")
    if not was_on:
        return
    started = stopwatch()
    try:
        for dag_id in dag_ids(SHOP):
            api.reparse(api.file_token(dag_id))
        while any((api.dag(dag_id) or {}).get("timetable_periodic") for dag_id in dag_ids(SHOP)):
            if stopwatch() - started > 10:
                return
            time.sleep(0.25)
    except (TouchpointError, OSError):
        return  # Airflow is gone already: a run of the schedule more at the next start does no harm


def _mention_earlier_databases(stack: Stack) -> None:
    for folder in earlier_databases(stack.layout, stack.state):
        stack.say(f"An earlier installation's database lies in {folder}; its keys are gone, delete it when you like")


@contextmanager
def _interruptible() -> Iterator[None]:
    """SIGTERM and SIGHUP end the block as Ctrl-C does."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    before[signal.SIGINT] = signal.getsignal(signal.SIGINT)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
