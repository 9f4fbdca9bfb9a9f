"""`make replay`, `touchpoint replay`: a folder of exports at past instants, in an installation of its own (var/replay).

The shop's generated DAG runs in-process at each instant; the first instants run through the scheduler as well, in a
second realm, and must come out equal. Figures go to var/replay-summary.json.
"""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console

from touchpoint.clock import real_now, stopwatch
from touchpoint.db import Database
from touchpoint.errors import ConfigError, TimeError, TouchpointError
from touchpoint.local.airflow_api import AirflowApi
from touchpoint.local.clocks import parse_now
from touchpoint.local.layout import Layout
from touchpoint.local.stack import Stack, choose_stack_ports, opened, stop_processes
from touchpoint.local.table import native
from touchpoint.local.templates import register_templates
from touchpoint.settings import CONFIG_ROOT, load_shop, parse_duration, read_yaml
from touchpoint.statements import ROOT

SHOP = "tmall"
CADENCE = "intraday"
PORTS = {"api": 8180, "sandbox": 8190, "smtp": 8125}
"""Beside an installation that is up on the usual ones."""
PATIENCE = 300
"""Seconds one run through the scheduler may take."""


@dataclass(frozen=True)
class Replay:
    """What is replayed: a rehearsal shop's exports in a folder, at instants, in a realm."""

    shop_id: str
    data: Path
    realm: str
    instants: list[datetime]
    config: Path
    through_scheduler: int = 2


def run(replay: Replay, layout: Layout, summary: Path, console: Console) -> bool:
    """Replay, write the figures, and say whether the scheduled runs came out equal.

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
            _start(stack, replay)
            say(f"Replaying {len(replay.instants)} instants of shop {replay.shop_id} in realm {replay.realm}")
            found = _in_process(stack, replay)
            figures = {"shop": replay.shop_id, "realm": replay.realm, "synthetic_addresses": True, **found}
            if replay.through_scheduler:
                say(f"The first {replay.through_scheduler} instants once more, through the scheduler")
                figures["scheduler"] = _through_scheduler(stack, api, replay, found)
            figures["seconds"] = {"total": round(stopwatch() - begun, 1)}
            summary.write_text(json.dumps(figures, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
        finally:
            say("Stopping")
            if api:
                api.close()
            stop_processes(layout, say)
    _show(console, figures, summary)
    return bool(figures.get("scheduler", {}).get("equal", True))


def _start(stack: Stack, replay: Replay) -> None:
    stack.set_schedule("off")
    with stack.stage("database", "Starting PostgreSQL, bringing the schema up to date"):
        stack.start_databases()
    with stack.stage("sandbox", "Starting the sandbox's SMS gateway and mailbox"):
        stack.start_sandbox(anchor=None)
    stack.remember()
    shop = load_shop(replay.shop_id, replay.config)
    register_templates(stack.sandbox_url, shop)
    stack.extra.update(_variables(replay))
    with stack.stage("airflow", "Preparing Airflow"):
        stack.prepare_airflow()


def _variables(replay: Replay) -> dict[str, str]:
    folder = {"conn_type": "fs", "extra": {"folder": str(replay.data.resolve()), "sandbox": True}}
    return {"AIRFLOW_CONN_REPLAY_DATA": json.dumps(folder), "TOUCHPOINT_CONFIG": str(replay.config.resolve())}


def _in_process(stack: Stack, replay: Replay) -> dict[str, Any]:
    command = native(["python", "-m", "touchpoint.orchestration.replay"])
    command += ["--shop", replay.shop_id, "--realm", replay.realm]
    command += [instant.isoformat() for instant in replay.instants]
    done = subprocess.run(command, cwd=stack.layout.root, env=stack.environment, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise TouchpointError(f"ended with code {done.returncode}", place="replay", remedy="see what it printed above")
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def _through_scheduler(stack: Stack, api: AirflowApi, replay: Replay, found: dict[str, Any]) -> dict[str, Any]:
    dag_id = f"touchpoints_{CADENCE}__{replay.shop_id}"
    realm = f"{replay.realm}-scheduled"
    stack.start_airflow()
    stack.wait_for_airflow(api, [dag_id])
    api.unpause(dag_id)
    instants = replay.instants[: replay.through_scheduler]
    for instant in instants:
        _wait(api, dag_id, api.trigger(dag_id, {"as_of": instant.isoformat(), "realm": realm}))
    database = Database(stack.state.server.url("touchpoint"), application="touchpoint-replay")
    try:
        scheduled = _figures(database, replay, realm)
    finally:
        database.close()
    expected = {
        campaign_id: {instant: campaign["by_instant"][instant]["decisions"] for instant in scheduled[campaign_id]}
        for campaign_id, campaign in found["campaigns"].items()
        if campaign_id in scheduled
    }
    return {"realm": realm, "instants": [i.isoformat() for i in instants], "equal": expected == scheduled != {}}


def _figures(database: Database, replay: Replay, realm: str) -> dict[str, dict[str, Any]]:
    from touchpoint.reports.summary import summary

    by_campaign: dict[str, dict[str, Any]] = {}
    with database.transaction() as tx:
        zone = load_shop(replay.shop_id, replay.config).tz
        for row in tx.many("runs/find", realm=realm, shop_id=replay.shop_id, most=100):
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


def _show(console: Console, figures: dict[str, Any], summary: Path) -> None:
    from rich.table import Table

    for campaign_id, campaign in figures["campaigns"].items():
        table = Table("instant", "candidates", "enqueued", "suppressed", "expired", "accepted", title=campaign_id)
        for instant, found in campaign["by_instant"].items():
            decisions = found["decisions"]
            values = [decisions[name] for name in ("candidates", "enqueued", "suppressed", "expired")]
            table.add_row(instant, *(f"{value:,}" for value in [*values, found["messages"]["accepted"]]))
        console.print(table)
    if "scheduler" in figures:
        console.print(
            "Through the scheduler: " + ("equal" if figures["scheduler"]["equal"] else "[red]different[/red]")
        )
    console.print(f"Figures    {summary}", highlight=False, soft_wrap=True)


def rehearsal_config(shop_id: str, mapping: Path, target: Path, *, zone: str | None, currency: str | None) -> Path:
    """A copy of config/ with a rehearsal shop for a mapping of one's own.

    Raises:
        ConfigError: the mapping is not there.
    """
    if not mapping.is_file():
        raise ConfigError(
            "no such mapping", place=str(mapping), remedy="name a file, as config/mappings/tmall_orders.yaml"
        )
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(CONFIG_ROOT, target)
    (target / "mappings" / mapping.name).write_bytes(mapping.read_bytes())
    shop = dict(read_yaml(CONFIG_ROOT / "rehearsals" / f"{SHOP}.yaml"))
    shop.update(id=shop_id, name=f"Replay of {mapping.stem}")
    shop["zone"], shop["currency"] = zone or shop["zone"], currency or shop["currency"]
    for source in shop["sources"].values():
        source["mapping"] = mapping.stem
    text = yaml.safe_dump(shop, allow_unicode=True, sort_keys=False)
    (target / "rehearsals" / f"{shop_id}.yaml").write_text(text, encoding="utf-8")
    return target


def _instants(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    if not start < end or step < timedelta(minutes=1):
        raise TimeError("no instant lies between", place="--from, --to, --every", remedy="name a later --to")
    return [start + step * number for number in range(math.ceil((end - start) / step))]


def command(
    data: Annotated[Path | None, typer.Option("--data", help="Folder of exports; default $TOUCHPOINT_DATA.")] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="How to read them; default: the Tmall report.")
    ] = None,
    start: Annotated[
        str, typer.Option("--from", help="First instant; without offset, shop time.")
    ] = "2020-02-20T00:00",
    end: Annotated[str, typer.Option("--to", help="Exclusive.")] = "2020-02-22T00:00",
    every: Annotated[str, typer.Option("--every", help="Step between instants, as in 2h.")] = "2h",
    realm: Annotated[str | None, typer.Option("--realm", help="A new name starts from nothing.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="With --mapping: the shop's zone.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="With --mapping: the shop's currency.")] = None,
) -> None:
    """Replay a folder of exports at past instants."""
    folder = data or Path(os.environ.get("TOUCHPOINT_DATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        raise ConfigError(
            f"no folder {folder.name!r}", place="--data", remedy="name the folder, or set TOUCHPOINT_DATA"
        )
    layout = Layout(var=ROOT / "var" / "replay")
    layout.make_folders()
    shop_id, config = SHOP, CONFIG_ROOT
    if mapping is not None:
        shop_id = "replay_" + "".join(c if c.isalnum() else "_" for c in mapping.stem.lower())
        config = rehearsal_config(shop_id, mapping, layout.var / "config", zone=zone, currency=currency)
    tz = load_shop(shop_id, config).tz
    plan = Replay(
        shop_id=shop_id,
        data=folder,
        realm=realm or f"replay-{real_now():%Y%m%d%H%M%S}",
        instants=_instants(parse_now(start, tz, "--from"), parse_now(end, tz, "--to"), parse_duration(every)),
        config=config,
    )
    if not run(plan, layout, ROOT / "var" / "replay-summary.json", Console()):
        raise typer.Exit(1)
