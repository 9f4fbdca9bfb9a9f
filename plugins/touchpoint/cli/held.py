"""`touchpoint quarantine …` and `touchpoint gate …`: what was held back, and what a person says to it."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from touchpoint.cli.common import (
    DEFAULT_SHOP,
    AsJson,
    AsOf,
    EntityOption,
    Note,
    ShopOption,
    as_json_text,
    instant,
    known_entity,
    known_shop,
    say,
    services,
    show,
)

quarantine_app = typer.Typer(help="Rows that broke a rule.", no_args_is_help=True)
gate_app = typer.Typer(help="Batches the quality gate holds back.", no_args_is_help=True)


@quarantine_app.command("list")
def quarantine_list(
    shop: Annotated[str | None, typer.Option("--shop", help="This shop alone; default: all.")] = None,
    entity: EntityOption = None,
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Open rows with their reasons and columns, newest first, without their content."""
    from touchpoint.quality import quarantine

    if shop is not None:
        known_shop(shop)
    known_entity(entity)
    with services() as opened, opened.db.transaction() as tx:
        show(quarantine.list_open(tx, shop, entity=entity, limit=most), as_json, "Quarantine is empty.")


@quarantine_app.command("show")
def quarantine_show(
    quarantine_id: int,
    unmasked: Annotated[
        bool, typer.Option("--unmasked", help="As it came; for those of may_see_unmasked alone, and kept in a log.")
    ] = False,
    note: Annotated[str, typer.Option("--note", help="With --unmasked: why; kept with your name.")] = "",
    as_json: AsJson = False,
) -> None:
    """One row with its payload, whatever may say something about a person masked; always as JSON."""
    from touchpoint.quality import quarantine
    from touchpoint.settings import load_operations

    with services() as opened, opened.db.transaction() as tx:
        if unmasked:
            allowed = load_operations(opened.config).may_see_unmasked
            row = quarantine.show_unmasked(tx, quarantine_id, who=getpass.getuser(), note=note, allowed=allowed)
        else:
            row = quarantine.show(tx, quarantine_id)
    print(as_json_text(row))


@quarantine_app.command("retry")
def quarantine_retry(
    ids: Annotated[list[int] | None, typer.Argument(help="These rows alone; default: all open ones.")] = None,
    shop: ShopOption = DEFAULT_SHOP,
    entity: EntityOption = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Drive rows again: the next run at the head judges and loads them."""
    from touchpoint.quality import quarantine

    loaded = known_shop(shop)
    known_entity(entity)
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            batches = quarantine.retry(tx, loaded, ids=ids or None, entity=entity, as_of=at)
            landed = [{"batch_id": made, **row} for made in batches for row in tx.many("load/landed", batch_ids=[made])]
    if as_json or landed:
        show(landed, as_json, "")
    if not as_json and not landed:
        print("Nothing to retry.")
    if not as_json and ids and sum(row["landed"] for row in landed) < len(set(ids)):
        asked = ", ".join(map(str, sorted(set(ids))))
        print(f"Of {asked}, some are no open rows of shop {shop}, or lines that have no columns to land.")


@gate_app.command("show")
def gate_show(shop: ShopOption = DEFAULT_SHOP, as_json: AsJson = False) -> None:
    """Pending batches, what the gate said of them, and the rules their lines break, with an example each."""
    from touchpoint.quality import gate

    known_shop(shop)
    with services() as opened, opened.db.transaction() as tx:
        rows = gate.show(tx, shop)
    if not as_json:
        rows = [{**row, "broken": "; ".join(map(_in_words, row["broken"]))} for row in rows]
    show(rows, as_json, "No batch is pending.")


def _in_words(broken: dict[str, Any]) -> str:
    cells = ", ".join(f"{name}={value}" for name, value in broken["example"].items())
    found = f"{broken['reason']} on {broken['lines']} lines, the first is {broken['line_no']}"
    return f"{found} ({cells})" if cells else found


@gate_app.command("release")
def gate_release(batch_id: int, note: Note, as_json: AsJson = False) -> None:
    """Load a held-back batch all the same; its bad rows stay in quarantine."""
    from touchpoint.quality import gate

    with services() as opened, opened.db.transaction() as tx:
        gate.release(tx, batch_id, getpass.getuser(), note)
    said = {"batch_id": batch_id, "verdict": "released"}
    say(said, as_json, f"Batch {batch_id} is released: the next run at the head loads it.")


@gate_app.command("reject")
def gate_reject(batch_id: int, note: Note, as_json: AsJson = False) -> None:
    """Refuse a batch: all its rows go to quarantine."""
    from touchpoint.quality import gate

    with services() as opened, opened.db.transaction() as tx:
        gate.reject(tx, batch_id, getpass.getuser(), note)
    say({"batch_id": batch_id, "verdict": "rejected"}, as_json, f"Batch {batch_id} is rejected: it is in quarantine.")
