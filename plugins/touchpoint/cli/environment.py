"""`touchpoint environment …`: which database an installation sends from, and moving it."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from touchpoint.cli.common import AsJson, say, services, show
from touchpoint.errors import TouchpointError
from touchpoint.reports.words import SEAT_WORDS

environment_app = typer.Typer(help="Which database this installation sends from.", no_args_is_help=True)


@environment_app.command("show")
def environment_show(as_json: AsJson = False) -> None:
    """In what the database does not lie where this installation sends from; nothing is sent while it differs."""
    from touchpoint.outbox.environment import differences

    with services() as opened, opened.db.transaction() as tx:
        rows = differences(tx, opened.connection.extra.get("environment_id"))
    show(rows, as_json, "This installation sends from here.")


@environment_app.command("adopt")
def environment_adopt(
    note: Annotated[str, typer.Option("--note", help="Why; kept with your name.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send from where the database lies now: after a move, a restore or a fail-over, never from a second copy."""
    from touchpoint.outbox.environment import adopt, differences

    if not note.strip():
        raise TouchpointError("no note", place="--note", remedy="say why the database lies elsewhere now")
    with services() as opened, opened.db.transaction() as tx:
        environment_id = str(opened.connection.extra.get("environment_id", ""))
        found = [row["difference"] for row in differences(tx, environment_id or None)]
        if not found:
            say({"adopted": False, "differs": found}, as_json, "This installation sends from here already.")
            return
        if not yes and not typer.confirm(
            f"It differs in {', '.join(SEAT_WORDS[name] for name in found)}. What waits here goes out from here then, "
            "and nothing can tell whether another copy sends it too. Is this the only one that sends from now on?",
            err=True,
        ):
            raise typer.Exit(1)
        adopt(tx, environment_id, who=getpass.getuser(), note=note)
    say({"adopted": True, "differs": found}, as_json, "Adopted: this installation sends from here from the next claim.")
