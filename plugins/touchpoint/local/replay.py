"""`make replay`, `touchpoint replay`: real shops' exports at past instants; figures in var/replay-summary.json."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from touchpoint.clock import real_now
from touchpoint.errors import ConfigError, TimeError
from touchpoint.local.clocks import parse_now
from touchpoint.local.layout import Layout
from touchpoint.local.rehearsal_desk import Replayed, remember, replayed
from touchpoint.local.rehearsal_shop import PATTERNS, fingerprint, rehearsal_config, rehearsal_id
from touchpoint.local.rehearse import Planned, Rehearsal, rehearse
from touchpoint.settings import CONFIG_ROOT, Shop, load_shop, parse_duration, shop_ids
from touchpoint.statements import ROOT

FIRST = "tmall"
"""The rehearsal whose figures stand first."""
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


def command(
    shop: Annotated[
        list[str] | None,
        typer.Option(
            "--shop", help="A rehearsal; default: all that say when (replay:). With --mapping: its shop's id."
        ),
    ] = None,
    data: Annotated[Path | None, typer.Option("--data", help="Folder of exports; default $TOUCHPOINT_DATA.")] = None,
    mapping: Annotated[
        Path | None, typer.Option("--mapping", help="Read the folder by a mapping of your own: every entity it names.")
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="First instant; without offset, shop time.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="Exclusive.")] = None,
    every: Annotated[str, typer.Option("--every", help="Step between instants, as in 2h.")] = "2h",
    cadence: Annotated[str, typer.Option("--cadence", help="With --from: whose DAG.")] = "intraday",
    realm: Annotated[str | None, typer.Option("--realm", help="A new name starts from nothing.")] = None,
    zone: Annotated[str | None, typer.Option("--zone", help="With --mapping: the shop's zone.")] = None,
    currency: Annotated[str | None, typer.Option("--currency", help="With --mapping: the shop's currency.")] = None,
    locale: Annotated[
        str | None, typer.Option("--locale", help=f"With --mapping: of its messages, {' or '.join(PATTERNS)}.")
    ] = None,
    closes_after: Annotated[
        str | None, typer.Option("--closes-after", help="With --mapping: when an unpaid order closes, as in 48h.")
    ] = None,
    shop_file: Annotated[
        Path | None,
        typer.Option("--shop-file", help="With --mapping: a shop's file, for its zone, currency, hours, blackouts."),
    ] = None,
) -> None:
    """Replay real shops' exports at past instants."""
    folder = data or Path(os.environ.get("TOUCHPOINT_DATA", ROOT / ".." / "shared" / "data"))
    if not folder.is_dir():
        raise ConfigError(
            f"no folder {folder.name!r}", place="--data", remedy="name the folder, or set TOUCHPOINT_DATA"
        )
    layout = Layout(var=ROOT / "var" / "replay")
    layout.make_folders()
    console, summary = Console(), ROOT / "var" / "replay-summary.json"
    in_realm = realm or f"replay-{real_now():%Y%m%d%H%M%S}"
    given = {"zone": zone, "currency": currency, "locale": locale, "closes_after": closes_after}
    if mapping is not None:
        shops = [rehearsal_id(mapping, _one(shop))]
        _demand_same(layout, shops[0], mapping, folder)
        config = rehearsal_config(
            shops[0],
            mapping,
            layout.var / "config" / shops[0],
            data=folder,
            shop_file=shop_file,
            given=given,
            warn=lambda text: console.print(f"Warning: {text}.", highlight=False, soft_wrap=True),
        )
    elif said := [key for key, value in {**given, "shop_file": shop_file}.items() if value is not None]:
        option = f"--{said[0].replace('_', '-')}"
        raise ConfigError("goes with --mapping", place=option, remedy="a rehearsal says it in its own file")
    else:
        shops, config = shop or _with_dates(), CONFIG_ROOT
    rehearsals = [
        Rehearsal(shop_id, in_realm, _runs(load_shop(shop_id, config), start, end, every, cadence), 1 + (not number))
        for number, shop_id in enumerate(shops)
    ]
    read = fingerprint(mapping, folder) if mapping else ""
    for shop_id in shops:
        remember(layout, shop_id, Replayed(str(config), in_realm, read))
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
    return sorted(found, key=lambda shop_id: (shop_id != FIRST, shop_id))


def _one(shops: list[str] | None) -> str | None:
    if shops and len(shops) > 1:
        raise ConfigError("two shops for one mapping", place="--shop", remedy="name one")
    return shops[0] if shops else None


def _demand_same(layout: Layout, shop_id: str, mapping: Path, data: Path) -> None:
    """What a shop has read is not read again: by another mapping, or of another folder, it is another shop."""
    before = replayed(layout).get(shop_id)
    if before and mapping.is_file() and before.read != fingerprint(mapping, data):
        raise ConfigError(
            "its exports were read by another text of the mapping, or of another folder",
            place=f"--shop {shop_id}",
            remedy=f"name another shop, as in --shop {shop_id}_2",
        )


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
            if "unavailable" in campaign:
                told = f"{figures['shop']}: {campaign_id}: unavailable: {campaign['unavailable']}"
                console.print(told, highlight=False, soft_wrap=True)
                continue
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
        console.print(
            f"Ask it with    touchpoint segments show --shop {figures['shop']}", highlight=False, soft_wrap=True
        )
    console.print(f"Figures    {summary}", highlight=False, soft_wrap=True)
