"""What backfills found, from a shell."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, ShopOption, instant, known_shop, services, show
from touchpoint.errors import ConfigError
from touchpoint.model import Cadence

DAYS = timedelta(days=60)


def recomputed(
    shop: ShopOption = DEFAULT_SHOP,
    dag: Annotated[str, typer.Option("--dag", help=f"Cadence of the DAG, one of: {', '.join(Cadence)}.")] = "daily",
    since: Annotated[
        str | None, typer.Option("--from", help="First instant, with a zone. Default: 60 days before --to.")
    ] = None,
    until: Annotated[str | None, typer.Option("--to", help="Exclusive. Default: now.")] = None,
    as_json: AsJson = False,
) -> None:
    """What backfills and cleared old runs found, date by date: the same, or what differs and why."""
    from touchpoint.reports import backfills

    loaded = known_shop(shop)
    if dag not in list(Cadence):
        raise ConfigError(f"no cadence {dag!r}", place="--dag", remedy=f"one of: {', '.join(Cadence)}")
    with services() as opened:
        last = instant(opened, until)
        first = instant(opened, since) if since else last - DAYS
        with opened.db.transaction() as tx:
            found = backfills.recomputed(tx, f"touchpoints_{dag}__{shop}", first, last)
    rows = [
        {
            "as_of": each.as_of.astimezone(loaded.tz).isoformat(),
            "campaign": each.campaign_id,
            "then": each.ledger_candidates,
            "now": each.candidates,
            "found": "same" if each.is_same else ", ".join(each.differs_by),
            "why": each.told(),
        }
        for each in found
    ]
    show(rows, as_json, "Nothing was recomputed in that time.")
