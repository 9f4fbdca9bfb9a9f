"""What every command needs: services, instants, names that are checked before anything is done, and printing."""

from __future__ import annotations

import io
import json
import os
import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from shutil import get_terminal_size
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from touchpoint.clock import resolve_as_of
from touchpoint.errors import ConfigError, TouchpointError
from touchpoint.model import Cadence, Entity
from touchpoint.services import LIVE, Services, open_services
from touchpoint.settings import CONFIG_ROOT, Shop, environment_connection, load_shop

DEFAULT_SHOP = "sandbox"
ShopOption = Annotated[str, typer.Option("--shop", help="Shop id: a file in config/shops or config/rehearsals.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Instant with a zone, 2026-11-22T10:30:00+08:00. Default: now.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
_zone: ContextVar[ZoneInfo | None] = ContextVar("zone", default=None)
"""Of the shop a command is about: it prints its instants in it, or as they came where it is about none."""
Note = Annotated[str, typer.Option("--note", help="Why; kept with your name.")]
EntityOption = Annotated[str | None, typer.Option("--entity", help=f"One of: {', '.join(Entity)}.")]


@contextmanager
def services() -> Iterator[Services]:
    """Services on AIRFLOW_CONN_* variables; on a machine set up by `make run`, on the ones it keeps."""
    from touchpoint.local import load_environment

    load_environment()
    with open_services(environment_connection) as opened:
        yield opened


def known_shop(shop: str) -> Shop:
    """The shop of that id; of a rehearsal, in the realm TOUCHPOINT_REALM names.

    What is printed from now on has the shop's zone.

    Raises:
        ConfigError: there is none; names those there are.
    """
    loaded, realm = load_shop(shop, CONFIG_ROOT), os.environ.get("TOUCHPOINT_REALM")
    _zone.set(loaded.tz)
    return loaded.model_copy(update={"realm": realm}) if realm and loaded.realm != LIVE else loaded


def known_campaign(campaign: str) -> None:
    """Refuse an id that no campaign file has; one whose file does not load is known all the same.

    Raises:
        ConfigError: naming those there are.
    """
    files = sorted(path.stem for path in (CONFIG_ROOT / "campaigns").glob("*.yaml"))
    if campaign not in files:
        raise ConfigError(
            f"no campaign {campaign!r}", place="config/campaigns", remedy=f"one of: {', '.join(files) or 'none yet'}"
        )


def known_entity(entity: str | None) -> None:
    """Refuse what never lands.

    Raises:
        TouchpointError: naming what does.
    """
    if entity is not None and entity not in list(Entity):
        raise TouchpointError(f"no entity {entity!r}", place="--entity", remedy=f"one of: {', '.join(Entity)}")


def instant(opened: Services, as_of: str | None) -> datetime:
    """--as-of, else now by the business clock.

    Raises:
        TimeError: no instant, one without a zone, or one later than the clock.
    """
    clock = opened.business_clock(LIVE)
    return resolve_as_of(param=as_of, logical_date=None, run_after=clock.now(), clock=clock)


def trigger(opened: Services, shop: str, as_of: str | None, prefix: str, cadence: Cadence = Cadence.INTRADAY) -> Any:
    """What a run from a shell is known by: the same instant is the same run."""
    from touchpoint import pipeline

    at = instant(opened, as_of)
    return pipeline.Trigger(
        shop_id=shop,
        dag_id=f"touchpoints_{cadence}__{shop}",
        run_id=f"{prefix}__{at.isoformat()}",
        cadence=cadence,
        as_of=at,
    )


def last_run(opened: Services, shop: Shop) -> int | None:
    """Number of the newest run of a shop, None if there is none."""
    with opened.db.transaction() as tx:
        rows = tx.many("runs/find", realm=shop.realm, shop_id=shop.id, most=1)
    return int(rows[0]["run_no"]) if rows else None


def say(content: object, as_json: bool, text: str) -> None:
    """One outcome: a sentence, or JSON."""
    print(as_json_text(content, indent=None) if as_json else text)


def show(rows: Sequence[dict[str, Any]], as_json: bool, empty: str) -> None:
    """Rows as a table, or as JSON."""
    if as_json:
        print(as_json_text(rows))
    else:
        print(as_table(rows) if rows else empty)


def as_json_text(content: object, indent: int | None = 2) -> str:
    """JSON with instants as everywhere on the command line, characters as they are."""
    return json.dumps(content, default=_told, ensure_ascii=False, indent=indent)


def as_table(rows: Sequence[dict[str, Any]], *, words: Collection[str] | None = None) -> str:
    """Rows as a table; where the terminal is too narrow for it, one value a line: nothing is ever cut off.

    Args:
        rows: with the same keys.
        words: makes a table without frames: these columns are words, the others numbers, which stand to the right.
    """
    told = [{name: _visible(value) for name, value in row.items()} for row in rows]
    table = Table() if words is None else Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    columns = [[name, *(row[name] for row in told)] for name in told[0]]
    for column in columns:
        if words is not None and column[0] not in words:
            wide = max(map(cell_len, column))
            column[:] = [" " * (wide - cell_len(text)) + text for text in column]
        table.add_column(column[0], no_wrap=True, overflow="ignore")
    for values in list(zip(*columns, strict=True))[1:]:
        table.add_row(*map(Text, values))
    out = io.StringIO()
    Console(file=out, width=10_000, color_system=None).print(table)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    if max(map(cell_len, lines)) <= _room():  # a Chinese character takes two columns
        return "\n".join(lines)
    wide = max(map(len, told[0]))
    return "\n\n".join("\n".join(f"{name:<{wide}}  {value}" for name, value in row.items()) for row in told)


def _room() -> int:
    """Columns there are; what is read by a program, and not told otherwise, has room for everything."""
    is_told = sys.stdout.isatty() or "COLUMNS" in os.environ
    return get_terminal_size().columns if is_told else 10_000


def _told(value: object) -> str:
    """2026-11-22 10:30:00+08:00: an instant in the shop's zone; anything else by its own text."""
    zone = _zone.get()
    if isinstance(value, datetime) and value.tzinfo is not None and zone is not None:
        return str(value.astimezone(zone))
    return str(value)


def _visible(value: Any) -> str:
    """A value as text that cannot move a terminal's cursor."""
    if value is None:
        return ""
    text = ", ".join(map(_told, value)) if isinstance(value, list | tuple) else _told(value)
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
