"""`touchpoint …`: the same use cases from a shell. An error is one line and exit code 1; --json is for programs."""

from __future__ import annotations

import sys

import typer
from sqlalchemy.exc import SQLAlchemyError

from touchpoint.cli import flow, held, learning, offers, past, segments
from touchpoint.cli.backtest import segments_backtest
from touchpoint.cli.common import as_table
from touchpoint.cli.customers import customers_app
from touchpoint.cli.environment import environment_app
from touchpoint.cli.migrating import migrate
from touchpoint.cli.outlook import segments_outlook
from touchpoint.cli.source import source_app
from touchpoint.cli.tags import tags_app
from touchpoint.cli.trial import campaign_test_send
from touchpoint.cli.worklist import worklist_app
from touchpoint.db import trouble
from touchpoint.errors import TouchpointError
from touchpoint.local import rehearsal_desk, replay

app = typer.Typer(help="Touchpoint from a shell.", no_args_is_help=True, pretty_exceptions_enable=False)
for command in flow.COMMANDS:
    app.command()(command)
app.command("replay")(replay.command)
app.command()(migrate)
app.command()(past.recomputed)
app.command()(offers.offers)
app.command()(learning.learn)
app.add_typer(learning.learned_app, name="learned")
flow.campaign_app.command("test-send")(campaign_test_send)
segments.segments_app.command("backtest")(segments_backtest)
segments.segments_app.command("outlook")(segments_outlook)
app.add_typer(flow.campaign_app, name="campaign")
app.add_typer(held.quarantine_app, name="quarantine")
app.add_typer(held.gate_app, name="gate")
app.add_typer(segments.segments_app, name="segments")
app.add_typer(tags_app, name="tags")
app.add_typer(source_app, name="source")
app.add_typer(worklist_app, name="worklist")
app.add_typer(customers_app, name="customers")
app.add_typer(environment_app, name="environment")

__all__ = ["app", "as_table", "main"]


def main() -> None:
    """Entry: our errors, and the database's, are one line on stderr, without a traceback."""
    try:
        if shop_id := rehearsal_desk.shop_asked(sys.argv[1:]):
            raise SystemExit(rehearsal_desk.ask(sys.argv[1:], shop_id))
        app(prog_name="touchpoint")
    except TouchpointError as error:
        told = str(error)
    except SQLAlchemyError as error:
        told = str(trouble(error, place="AIRFLOW_CONN_TOUCHPOINT"))
    else:
        return
    print(f"touchpoint: {' '.join(told.split())}", file=sys.stderr)
    raise SystemExit(1)
