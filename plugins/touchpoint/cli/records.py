"""The whole record of a shop, or of all shops of a brand, for the commands that look at it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from touchpoint.cli.common import instant, known_shop, services
from touchpoint.settings import CONFIG_ROOT, load_segments, load_tags

if TYPE_CHECKING:
    from datetime import datetime

    from touchpoint.db import Transaction
    from touchpoint.record.segments import Everybody
    from touchpoint.settings import Shop

BrandOption = Annotated[str | None, typer.Option("--brand", help="All shops of a brand, their people as one.")]


@contextmanager
def record(
    shop: str,
    as_of: str | None,
    brand: str | None = None,
    wanted: tuple[str, ...] | None = None,
    *,
    has_amounts: bool = True,
) -> Iterator[tuple[Transaction, list[Shop], datetime, Everybody]]:
    """The record made as of an instant, with the shop, or the shops of the brand, it is of.

    Raises:
        ConfigError: no such shop or brand; or amounts of the brand cannot be added up.
    """
    from touchpoint.record import segments

    rules = {"segments": load_segments(CONFIG_ROOT), "tags": load_tags(CONFIG_ROOT)}
    with people(shop, as_of, brand, has_amounts=has_amounts) as (tx, shops, at):
        given = {"as_of": at, "scope": "brand" if brand else "all", "wanted": wanted, "others": shops[1:], **rules}
        with segments.everybody(tx, shop=shops[0], **given) as everyone:  # type: ignore[arg-type]
            yield tx, shops, at, everyone


@contextmanager
def people(
    shop: str, as_of: str | None, brand: str | None = None, *, has_amounts: bool = True
) -> Iterator[tuple[Transaction, list[Shop], datetime]]:
    """A transaction in which the people of a brand, if one is asked for, are listed; the shops, and the instant."""
    from touchpoint.record import brands

    shops = brands.shops_of(brand, CONFIG_ROOT) if brand else [known_shop(shop)]
    with services() as opened, opened.db.transaction() as tx:
        at = instant(opened, as_of)
        if brand:
            brands.people(tx, shops, at, has_amounts=has_amounts)
        yield tx, shops, at


def notes_of(tx: Transaction, brand: str | None, shops: Sequence[Shop], as_of: datetime) -> list[str]:
    """What has to be said of a brand whose shops are not alike; nothing of a shop."""
    from touchpoint.record import brands

    return brands.notes(tx, shops, as_of, load_segments(CONFIG_ROOT)) if brand else []


def tell(notes: Sequence[str], as_json: bool) -> None:
    """Notes below a table; beside JSON, for people to read, on the other stream."""
    for note in notes:
        typer.echo(f"Note: {note}.", err=as_json)
