"""`touchpoint …`: the same use cases from a shell. An error is one clear line and exit code 1; --json is for programs."""

from __future__ import annotations

import getpass
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from touchpoint.clock import resolve_as_of
from touchpoint.errors import TouchpointError
from touchpoint.services import LIVE, Services, open_services
from touchpoint.settings import environment_connection, load_shop

app = typer.Typer(help="Touchpoint from a shell.", no_args_is_help=True, pretty_exceptions_enable=False)
campaign_app = typer.Typer(help="Look at campaigns and run them.", no_args_is_help=True)
quarantine_app = typer.Typer(help="Rows that broke a rule.", no_args_is_help=True)
gate_app = typer.Typer(help="Batches the quality gate holds back.", no_args_is_help=True)
app.add_typer(campaign_app, name="campaign")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(gate_app, name="gate")

ShopOption = Annotated[str, typer.Option("--shop", help="Shop id: a file in config/shops or config/rehearsals.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", help="Instant with a zone, 2026-11-22T10:30:00+08:00. Default: now.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Note = Annotated[str, typer.Option("--note", help="Why; kept with your name.")]
DEFAULT_SHOP = "sandbox"


@contextmanager
def services() -> Iterator[Services]:
    """Services on AIRFLOW_CONN_* variables; on a machine set up by `make run`, on the ones it keeps."""
    from touchpoint.local import load_environment

    load_environment()
    with open_services(environment_connection) as opened:
        yield opened


def show(rows: Sequence[dict[str, Any]], as_json: bool, empty: str) -> None:
    """Rows as a table, or as JSON."""
    if as_json:
        print(json.dumps(rows, default=str, ensure_ascii=False, indent=2))
        return
    if not rows:
        print(empty)
        return
    table = Table(*rows[0].keys())
    for row in rows:
        table.add_row(*("" if value is None else str(value) for value in row.values()))
    Console().print(table)


@app.command()
def ingest(shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Load what is new at the shop platform into facts and record; no campaign runs."""
    from touchpoint import pipeline
    from touchpoint.reports.summary import summary

    with services() as opened:
        run = pipeline.load_history(opened, _trigger(opened, shop, as_of, "ingest"))
        with opened.db.transaction() as tx:
            entities = summary(tx, [run.run_no])["entities"]
    show([{"entity": name, **counts} for name, counts in entities.items()], as_json, "Nothing new.")


@app.command()
def dispatch(shop: ShopOption = DEFAULT_SHOP, as_json: AsJson = False) -> None:
    """Send what is claimable now."""
    from touchpoint import pipeline

    with services() as opened:
        loaded = load_shop(shop, opened.config)
        sent = pipeline.send(opened, loaded.realm, loaded, opened.business_clock(loaded.realm))
    show([{"state": state, "messages": count} for state, count in sent.items()], as_json, "Nothing to send.")


@app.command()
def reconcile(shop: ShopOption = DEFAULT_SHOP, as_json: AsJson = False) -> None:
    """Return expired leases, ask the providers about unknown messages, and check that the ledger adds up."""
    from touchpoint import pipeline

    with services() as opened:
        found = pipeline.reconcile(opened, _last_run(opened, shop))
    show([{"what": what, "messages": count} for what, count in found.items()], as_json, "Nothing to reconcile.")


@app.command()
def report(
    shop: ShopOption = DEFAULT_SHOP,
    run: Annotated[list[int] | None, typer.Option("--run", help="Run number; default: the shop's newest run.")] = None,
) -> None:
    """Figures of runs as JSON, as in var/run-summary.json."""
    from touchpoint.reports.summary import summary

    with services() as opened, opened.db.transaction() as tx:
        print(json.dumps(summary(tx, run or [_last_run(opened, shop)]), default=str, ensure_ascii=False, indent=2))


@app.command()
def why(
    shop: ShopOption = DEFAULT_SHOP,
    order: Annotated[str | None, typer.Option("--order", help="Order id.")] = None,
    customer: Annotated[str | None, typer.Option("--customer", help="Customer id.")] = None,
    as_of: AsOf = None,
    realm: Annotated[str | None, typer.Option("--realm", help="Rehearsal; default: the shop's.")] = None,
    as_json: AsJson = False,
) -> None:
    """Each decision about an order or a customer, with its reason."""
    if (order is None) == (customer is None):
        raise TouchpointError("name one of --order and --customer", place="touchpoint why", remedy="as in --order 1001")
    with services() as opened:
        loaded = load_shop(shop, opened.config)
        at = _as_of(opened, as_of)
        with opened.db.transaction() as tx:
            rows = tx.many(
                "reports/why",
                realm=realm or loaded.realm,
                shop_id=shop,
                order_id=order,
                customer_id=customer,
                as_of=at,
            )
    show(rows, as_json, "No decision: it was no candidate of any campaign by then.")


@app.command()
def stop(
    note: Note = "",
    shop: Annotated[str | None, typer.Option("--shop", help="This shop alone.")] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", help="This campaign alone.")] = None,
) -> None:
    """Stop sending: everything, a shop, or a campaign. Works at the next claim."""
    _switch(True, shop, campaign, note)


@app.command()
def resume(
    note: Note = "",
    shop: Annotated[str | None, typer.Option("--shop", help="This shop.")] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", help="This campaign.")] = None,
) -> None:
    """Let what was stopped go on."""
    _switch(False, shop, campaign, note)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def replay(context: typer.Context) -> None:
    """Replay a folder of exports at past instants: --data DIR --mapping FILE --from T --to T --realm NAME."""
    raise typer.Exit(subprocess.call([sys.executable, "-m", "touchpoint.local", "replay", *context.args]))


@campaign_app.command("preview")
def campaign_preview(
    campaign: str, shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """What a campaign would decide as of an instant. Nothing is written."""
    from touchpoint.preview import preview

    with services() as opened:
        found = preview(opened, _trigger(opened, shop, as_of, "preview"), campaign)
    show(found, as_json, "No candidates.")


@campaign_app.command("lint")
def campaign_lint(campaign: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """Load every campaign file strictly and check wording and length; exit code 1 if one must not go."""
    from touchpoint.campaigns.lint import lint
    from touchpoint.campaigns.load import load_campaigns

    loaded = load_campaigns()
    rows: list[dict[str, Any]] = [
        {"campaign": "", "level": "error", "place": e.place, "finding": e.thing} for e in loaded.broken
    ]
    for found in loaded.by_id.values():
        if campaign in (None, found.id):
            rows += [{"campaign": found.id, **finding.as_dict()} for finding in lint(found)]
    show(rows, as_json, "Nothing to say.")
    if any(row["level"] in ("error", "deny") for row in rows):
        raise typer.Exit(1)


@campaign_app.command("run")
def campaign_run(campaign: str, shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """One whole run for one campaign, as its DAG would do it."""
    from touchpoint import pipeline
    from touchpoint.reports.summary import summary

    with services() as opened:
        run = pipeline.run_once(opened, _trigger(opened, shop, as_of, "shell"), only=campaign)
        with opened.db.transaction() as tx:
            decided = summary(tx, [run.run_no])["campaigns"]
    show([{"campaign": name, **found["decisions"]} for name, found in decided.items()], as_json, "Not due.")


@quarantine_app.command("list")
def quarantine_list(
    shop: ShopOption = DEFAULT_SHOP,
    entity: Annotated[str | None, typer.Option("--entity")] = None,
    most: Annotated[int, typer.Option("--most")] = 50,
    as_json: AsJson = False,
) -> None:
    """Open rows with their reasons, newest first, without their content."""
    from touchpoint.quality import quarantine

    with services() as opened, opened.db.transaction() as tx:
        show(quarantine.list_open(tx, shop, entity=entity, limit=most), as_json, "Quarantine is empty.")


@quarantine_app.command("show")
def quarantine_show(quarantine_id: int) -> None:
    """One row with its payload, addresses masked."""
    from touchpoint.quality import quarantine

    with services() as opened, opened.db.transaction() as tx:
        print(json.dumps(quarantine.show(tx, quarantine_id), default=str, ensure_ascii=False, indent=2))


@quarantine_app.command("retry")
def quarantine_retry(
    ids: Annotated[list[int] | None, typer.Argument()] = None,
    shop: ShopOption = DEFAULT_SHOP,
    entity: Annotated[str | None, typer.Option("--entity")] = None,
    as_of: AsOf = None,
) -> None:
    """Drive rows again: the next run at the head judges and loads them."""
    from touchpoint.quality import quarantine

    with services() as opened:
        at = _as_of(opened, as_of)
        with opened.db.transaction() as tx:
            batches = quarantine.retry(tx, load_shop(shop, opened.config), ids=ids or None, entity=entity, as_of=at)
    print(f"Landed again in {len(batches)} batch(es)." if batches else "Nothing to retry.")


@gate_app.command("show")
def gate_show(shop: ShopOption = DEFAULT_SHOP, as_json: AsJson = False) -> None:
    """Pending batches and what the gate said of them."""
    from touchpoint.quality import gate

    with services() as opened, opened.db.transaction() as tx:
        show(gate.show(tx, shop), as_json, "No batch is pending.")


@gate_app.command("release")
def gate_release(batch_id: int, note: Note) -> None:
    """Load a held-back batch all the same; its bad rows stay in quarantine."""
    from touchpoint.quality import gate

    with services() as opened, opened.db.transaction() as tx:
        gate.release(tx, batch_id, getpass.getuser(), note)
    print(f"Batch {batch_id} is released: the next run at the head loads it.")


@gate_app.command("reject")
def gate_reject(batch_id: int, note: Note) -> None:
    """Refuse a batch: all its rows go to quarantine."""
    from touchpoint.quality import gate

    with services() as opened, opened.db.transaction() as tx:
        gate.reject(tx, batch_id, getpass.getuser(), note)
    print(f"Batch {batch_id} is rejected: its rows are in quarantine.")


def _trigger(opened: Services, shop: str, as_of: str | None, prefix: str) -> Any:
    from touchpoint import pipeline
    from touchpoint.model import Cadence

    at = _as_of(opened, as_of)
    return pipeline.Trigger(
        shop_id=shop,
        dag_id=f"touchpoints_intraday__{shop}",
        run_id=f"{prefix}__{at.isoformat()}",
        cadence=Cadence.INTRADAY,
        as_of=at,
    )


def _as_of(opened: Services, as_of: str | None) -> Any:
    clock = opened.business_clock(LIVE)
    return resolve_as_of(param=as_of, logical_date=None, run_after=clock.now(), clock=clock)


def _last_run(opened: Services, shop: str) -> int:
    realm = load_shop(shop, opened.config).realm
    with opened.db.transaction() as tx:
        rows = tx.many("runs/find", realm=realm, shop_id=shop, most=1)
    if not rows:
        raise TouchpointError("no run yet", place=f"shop {shop}", remedy="run its DAG, or `touchpoint campaign run`")
    return int(rows[0]["run_no"])


def _switch(is_stopped: bool, shop: str | None, campaign: str | None, note: str) -> None:
    from touchpoint.outbox import stops

    with services() as opened, opened.db.transaction() as tx:
        change = stops.stop if is_stopped else stops.resume
        change(tx, who=getpass.getuser(), note=note, shop_id=shop, campaign_id=campaign)
    what = " ".join(filter(None, [f"shop {shop}" if shop else "", f"campaign {campaign}" if campaign else ""]))
    print(f"{'Stopped' if is_stopped else 'Resumed'}: {what or 'everything'}.")


def main() -> None:
    """Entry: our errors are one line on stderr, without a traceback."""
    try:
        app()
    except TouchpointError as error:
        print(f"touchpoint: {error}", file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main()
