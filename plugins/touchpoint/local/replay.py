"""`make replay`, `touchpoint replay`: real shops' exports at past instants; figures in var/replay-summary.json."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.table import Table

from touchpoint.clock import real_now
from touchpoint.errors import ConfigError, TimeError
from touchpoint.local.clocks import parse_now
from touchpoint.local.layout import Layout
from touchpoint.local.rehearse import Planned, Rehearsal, rehearse
from touchpoint.settings import CONFIG_ROOT, Shop, load_shop, parse_duration, read_yaml, shop_ids
from touchpoint.statements import ROOT

PATTERN = "tmall"
"""The rehearsal that a mapping of one's own is patterned on."""
CADENCES = ("daily", "monthly", "intraday")
"""At the same instant in this order."""


def planned(shop: Shop) -> list[Planned]:
    """The runs a rehearsal's file asks for, in the order of their instants."""
    runs = [
        Planned(span.cadence, instant)
        for span in shop.replay
        for instant in _instants(span.start.replace(tzinfo=shop.tz), span.until.replace(tzinfo=shop.tz), span.every)
    ]
    return sorted(runs, key=lambda run: (run.instant, CADENCES.index(run.cadence)))


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
    shop = dict(read_yaml(CONFIG_ROOT / "rehearsals" / f"{PATTERN}.yaml"))
    shop.update(id=shop_id, name=f"Replay of {mapping.stem}", replay=[])
    shop["zone"], shop["currency"] = zone or shop["zone"], currency or shop["currency"]
    for source in shop["sources"].values():
        source["mapping"] = mapping.stem
    text = yaml.safe_dump(shop, allow_unicode=True, sort_keys=False)
    (target / "rehearsals" / f"{shop_id}.yaml").write_text(text, encoding="utf-8")
    return target


def command(
    shop: Annotated[
        list[str] | None, typer.Option("--shop", help="A rehearsal; default: all that say when (replay:).")
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of exports; default $TOUCHPOINT_DATA.")] = None,
    mapping: Annotated[Path | None, typer.Option("--mapping", help="Read the folder by a mapping of your own.")] = None,
    start: Annotated[str | None, typer.Option("--from", help="First instant; without offset, shop time.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Exclusive.")] = None,
    every: Annotated[str, typer.Option("--every", help="Step between instants, as in 2h.")] = "2h",
    cadence: Annotated[str, typer.Option("--cadence", help="With --from: whose DAG.")] = "intraday",
    realm: Annotated[str | None, typer.Option("--realm", help="A new name starts from nothing.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="With --mapping: the shop's zone.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="With --mapping: the shop's currency.")] = None,
) -> None:
    """Replay real shops' exports at past instants."""
    folder = data or Path(os.environ.get("TOUCHPOINT_DATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        raise ConfigError(
            f"no folder {folder.name!r}", place="--data", remedy="name the folder, or set TOUCHPOINT_DATA"
        )
    layout = Layout(var=ROOT / "var" / "replay")
    layout.make_folders()
    shops, config = shop or _with_dates(), CONFIG_ROOT
    if mapping is not None:
        shops = ["replay_" + "".join(c if c.isalnum() else "_" for c in mapping.stem.lower())]
        config = rehearsal_config(shops[0], mapping, layout.var / "config", zone=zone, currency=currency)
    in_realm = realm or f"replay-{real_now():%Y%m%d%H%M%S}"
    rehearsals = [
        Rehearsal(shop_id, in_realm, _runs(load_shop(shop_id, config), start, end, every, cadence), 1 + (not number))
        for number, shop_id in enumerate(shops)
    ]
    console, summary = Console(), ROOT / "var" / "replay-summary.json"
    figures = rehearse(rehearsals, data=folder, config=config, layout=layout, console=console)
    # Who knows the file from one shop finds the first one's figures where they were.
    summary.write_text(
        json.dumps({**figures["shops"][shops[0]], **figures}, ensure_ascii=False, indent=2) + "\n", encoding="utf-8"
    )
    _show(console, figures["shops"].values(), summary)
    if not all(found.get("scheduler", {}).get("equal", True) for found in figures["shops"].values()):
        raise typer.Exit(1)


def _with_dates() -> list[str]:
    """Rehearsals that say when; the pattern first."""
    found = [shop_id for shop_id in shop_ids(CONFIG_ROOT, "rehearsals") if load_shop(shop_id, CONFIG_ROOT).replay]
    return sorted(found, key=lambda shop_id: (shop_id != PATTERN, shop_id))


def _runs(shop: Shop, start: str | None, end: str | None, every: str, cadence: str) -> list[Planned]:
    if start and end:
        if cadence not in CADENCES:
            raise ConfigError(f"no cadence {cadence!r}", place="--cadence", remedy=f"one of: {', '.join(CADENCES)}")
        first, last = parse_now(start, shop.tz, "--from"), parse_now(end, shop.tz, "--to")
        return [Planned(cadence, instant) for instant in _instants(first, last, parse_duration(every))]
    if start or end:
        raise TimeError("names one end", place="--from, --to", remedy="name both, or neither")
    runs = planned(shop)
    if not runs:
        raise TimeError(f"shop {shop.id} does not say when", place="--from, --to", remedy="name both")
    return runs


def _instants(start: datetime, end: datetime, step: timedelta) -> list[datetime]:
    if not start < end or step < timedelta(minutes=1):
        raise TimeError("no instant lies between", place="from, until, every", remedy="name a later end")
    return [start + step * number for number in range(math.ceil((end - start) / step))]


def _show(console: Console, shops: Iterable[dict[str, Any]], summary: Path) -> None:
    for figures in shops:
        for campaign_id, campaign in figures["campaigns"].items():
            title = f"{figures['shop']}: {campaign_id}"
            table = Table("instant", "candidates", "enqueued", "suppressed", "expired", "accepted", title=title)
            for instant, found in campaign["by_instant"].items():
                decisions = found["decisions"]
                values = [decisions[name] for name in ("candidates", "enqueued", "suppressed", "expired")]
                table.add_row(instant, *(f"{value:,}" for value in [*values, found["messages"]["accepted"]]))
            console.print(table)
        if "scheduler" in figures:
            equal = "equal" if figures["scheduler"]["equal"] else "[red]different[/red]"
            console.print(f"{figures['shop']}, through the scheduler: {equal}")
    console.print(f"Figures    {summary}", highlight=False, soft_wrap=True)
