"""Rehearsals run: shops' exports at past instants, in an installation of its own (var/replay).

A shop's generated DAGs run in-process, one instant after another; the first instants run through the scheduler as well,
in a second realm, and must come out equal.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console

from touchpoint.clock import stopwatch
from touchpoint.db import Database
from touchpoint.errors import TouchpointError
from touchpoint.local.airflow_api import AirflowApi
from touchpoint.local.layout import Layout
from touchpoint.local.stack import Stack, choose_stack_ports, opened, stop_processes
from touchpoint.local.table import native
from touchpoint.local.templates import register_templates
from touchpoint.settings import load_shop

PORTS = {"api": 8180, "sandbox": 8190, "smtp": 8125}
"""Beside an installation that is up on the usual ones."""
PATIENCE = 300
"""Seconds one run through the scheduler may take."""


@dataclass(frozen=True)
class Planned:
    """One run of a rehearsal: the DAG's cadence and the instant it looks from."""

    cadence: str
    instant: datetime


@dataclass(frozen=True)
class Rehearsal:
    """What is replayed: a shop, the runs in their order, the realm they write to."""

    shop_id: str
    realm: str
    runs: list[Planned]
    through_scheduler: int = 1


def rehearse(
    rehearsals: Sequence[Rehearsal], *, data: Path, config: Path, layout: Layout, console: Console
) -> dict[str, Any]:
    """Run rehearsals one shop after another in one installation, which is stopped again.

    Args:
        rehearsals: at least one.
        data: folder of the exports.
        config: the folder of configuration.
        layout: where the installation lies.
        console: told what happens.

    Returns:
        `shops`: figures by shop (orchestration.replay), with `scheduler`; and `seconds`.

    Raises:
        TouchpointError: something did not start, or a run did not succeed.
    """
    begun = stopwatch()

    def say(text: str) -> None:
        console.print(f"[dim]{stopwatch() - begun:6.1f} s[/dim]  {text}", highlight=False)

    with opened(layout, say) as stack:
        api = None
        try:
            stop_processes(layout, say)
            stack.state.ports = dict(PORTS)
            choose_stack_ports(stack)
            api = AirflowApi(stack.api_url)
            _start(stack, rehearsals, data, config)
            found = {each.shop_id: _in_process(stack, each) for each in rehearsals}
            _through_scheduler(stack, api, rehearsals, found, config)
            return {"shops": found, "seconds": {"total": round(stopwatch() - begun, 1)}}
        finally:
            say("Stopping")
            if api:
                api.close()
            stop_processes(layout, say)


def _start(stack: Stack, rehearsals: Sequence[Rehearsal], data: Path, config: Path) -> None:
    stack.set_schedule("off")
    with stack.stage("database", "Starting PostgreSQL, bringing the schema up to date"):
        stack.start_databases()
    with stack.stage("sandbox", "Starting the sandbox's SMS gateway and mailbox"):
        stack.start_sandbox(anchor=None)
    stack.remember()
    for rehearsal in rehearsals:
        register_templates(stack.sandbox_url, load_shop(rehearsal.shop_id, config))
    folder = {"conn_type": "fs", "extra": {"folder": str(data.resolve()), "sandbox": True}}
    stack.extra.update(AIRFLOW_CONN_REPLAY_DATA=json.dumps(folder), TOUCHPOINT_CONFIG=str(config.resolve()))
    with stack.stage("airflow", "Preparing Airflow"):
        stack.prepare_airflow()


def _in_process(stack: Stack, rehearsal: Rehearsal) -> dict[str, Any]:
    stack.say(f"{rehearsal.shop_id}: {len(rehearsal.runs)} runs in realm {rehearsal.realm}")
    asked = {
        "shop": rehearsal.shop_id,
        "realm": rehearsal.realm,
        "runs": [[run.cadence, run.instant.isoformat()] for run in rehearsal.runs],
    }
    done = subprocess.run(
        native(["python", "-m", "touchpoint.orchestration.replay"]),
        cwd=stack.layout.root,
        env=stack.environment,
        input=json.dumps(asked),
        stdout=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise TouchpointError(
            f"ended with code {done.returncode}",
            place=f"replay of {rehearsal.shop_id}",
            remedy="see what it printed above",
        )
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _through_scheduler(
    stack: Stack, api: AirflowApi, rehearsals: Sequence[Rehearsal], found: dict[str, Any], config: Path
) -> None:
    chosen = {each.shop_id: each.runs[: each.through_scheduler] for each in rehearsals if each.through_scheduler}
    dag_ids = sorted({_dag_id(shop_id, run) for shop_id, runs in chosen.items() for run in runs})
    if not dag_ids:
        return
    stack.start_airflow()
    stack.wait_for_airflow(api, dag_ids)
    for dag_id in dag_ids:
        api.unpause(dag_id)
    database = Database(stack.state.server.url("touchpoint"), application="touchpoint-replay")
    try:
        for rehearsal in rehearsals:
            runs = chosen.get(rehearsal.shop_id, [])
            realm = f"{rehearsal.realm}-scheduled"
            stack.say(f"{rehearsal.shop_id}: the first {len(runs)} once more, through the scheduler")
            for run in runs:
                dag_id = _dag_id(rehearsal.shop_id, run)
                _wait(api, dag_id, api.trigger(dag_id, {"as_of": run.instant.isoformat(), "realm": realm}))
            campaigns = found[rehearsal.shop_id]["campaigns"]
            decided = _decisions(database, rehearsal.shop_id, realm, config)
            scheduled = {name: each for name, each in decided.items() if "unavailable" not in campaigns.get(name, {})}
            expected = _same_instants(campaigns, scheduled)
            found[rehearsal.shop_id]["scheduler"] = {
                "realm": realm,
                "instants": [run.instant.isoformat() for run in runs],
                "equal": expected == scheduled,
            }
    finally:
        database.close()


def _dag_id(shop_id: str, run: Planned) -> str:
    return f"touchpoints_{run.cadence}__{shop_id}"


def _same_instants(campaigns: dict[str, Any], scheduled: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {
        campaign_id: {
            instant: campaigns.get(campaign_id, {}).get("by_instant", {}).get(instant, {}).get("decisions")
            for instant in found
        }
        for campaign_id, found in scheduled.items()
    }


def _decisions(database: Database, shop_id: str, realm: str, config: Path) -> dict[str, dict[str, Any]]:
    from touchpoint.reports.summary import summary

    by_campaign: dict[str, dict[str, Any]] = {}
    with database.transaction() as tx:
        zone = load_shop(shop_id, config).tz
        for row in tx.many("runs/find", realm=realm, shop_id=shop_id, most=100):
            for campaign_id, figures in summary(tx, [row["run_no"]])["campaigns"].items():
                instant = row["as_of"].astimezone(zone).isoformat()
                by_campaign.setdefault(campaign_id, {})[instant] = figures["decisions"]
    return by_campaign


def _wait(api: AirflowApi, dag_id: str, run_id: str) -> None:
    started = stopwatch()
    while (state := api.run_state(dag_id, run_id)) not in ("success", "failed"):
        if stopwatch() - started > PATIENCE:
            raise TouchpointError(
                f"did not end in {PATIENCE} s", place=f"{dag_id} {run_id}", remedy="see var/replay/log"
            )
        time.sleep(0.5)
    if state == "failed":
        raise TouchpointError("failed", place=f"{dag_id} {run_id}", remedy="see var/replay/airflow/logs")
