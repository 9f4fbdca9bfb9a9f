"""The use cases themselves: ingest, dispatch, reconcile, report, why, stop, resume, replay, campaign."""

from __future__ import annotations

import getpass
from typing import Annotated, Any

import typer

from touchpoint.cli.common import (
    DEFAULT_SHOP,
    AsJson,
    AsOf,
    Note,
    ShopOption,
    as_json_text,
    instant,
    known_campaign,
    known_shop,
    last_run,
    say,
    services,
    show,
    trigger,
)
from touchpoint.db import Row
from touchpoint.errors import ConfigError, LedgerError, TouchpointError

campaign_app = typer.Typer(help="Look at campaigns and run them.", no_args_is_help=True)


def ingest(shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Load what is new at the shop platform into facts and record; no campaign runs."""
    from touchpoint import pipeline
    from touchpoint.reports.summary import summary

    known_shop(shop)
    with services() as opened:
        run = pipeline.load_history(opened, trigger(opened, shop, as_of, "ingest"))
        with opened.db.transaction() as tx:
            entities = summary(tx, [run.run_no])["entities"]
    show([{"entity": name, **counts} for name, counts in entities.items()], as_json, "Nothing new.")


def dispatch(shop: ShopOption = DEFAULT_SHOP, as_json: AsJson = False) -> None:
    """Send what is claimable now."""
    from touchpoint import pipeline

    loaded = known_shop(shop)
    with services() as opened:
        sent = pipeline.send(opened, loaded.realm, loaded, opened.business_clock(loaded.realm))
        stopped = "" if loaded.sending == "on" else f" config of shop {shop} says sending: off."
        with opened.db.transaction() as tx:
            stopped += _still_stopped(tx.many("outbox/stops_in_force"))
    rows = [{"state": state, "messages": count} for state, count in sent.items()]
    show(rows, as_json, f"Nothing to send.{stopped}")


def reconcile(shop: ShopOption = DEFAULT_SHOP, as_json: AsJson = False) -> None:
    """Return expired leases, ask the providers about every unknown message, and check that the ledger adds up."""
    from touchpoint import pipeline

    loaded = known_shop(shop)
    with services() as opened:
        clock = opened.business_clock(loaded.realm)
        found = pipeline.settle(opened, loaded.realm, loaded, clock, force=True)
        number = last_run(opened, loaded)
        with opened.db.transaction() as tx:
            faults = tx.many("checks/ledger/does_not_add_up", run_no=number) if number else []
    show([{"what": what, "messages": count} for what, count in found.items()], as_json, "Nothing to reconcile.")
    if faults:
        raise LedgerError(
            f"run {number} does not add up: {'; '.join(row['fault'] for row in faults)}",
            place=f"shop {shop}",
            remedy="see docs/operate.md",
        )


def report(
    shop: ShopOption = DEFAULT_SHOP,
    run: Annotated[list[int] | None, typer.Option("--run", help="Run number; default: the shop's newest run.")] = None,
    as_json: AsJson = False,
) -> None:
    """Figures of runs as in var/run-summary.json; always as JSON."""
    from touchpoint.reports.summary import summary
    from touchpoint.services import no_run

    loaded = known_shop(shop)
    with services() as opened:
        numbers = run or [number for number in [last_run(opened, loaded)] if number]
        if not numbers:
            raise TouchpointError(
                "no run yet", place=f"shop {shop}", remedy="run its DAG, or `touchpoint campaign run`"
            )
        with opened.db.transaction() as tx:
            for number in numbers:
                if tx.maybe("runs/read", run_no=number) is None:
                    raise no_run(number)
            print(as_json_text(summary(tx, numbers)))


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
    asked = {"realm": realm or known_shop(shop).realm, "shop_id": known_shop(shop).id}
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            rows = tx.many("reports/why", order_id=order, customer_id=customer, as_of=at, **asked)
            subject = {"shop_id": asked["shop_id"], "order_id": order, "customer_id": customer, "as_of": at}
            is_known = bool(rows) or tx.maybe("reports/known_subject", **subject) is not None
    if not is_known:
        what = f"order {order}" if order is not None else f"customer {customer}"
        raise TouchpointError(
            f"nobody knew {what} by then",
            place=f"shop {asked['shop_id']}",
            remedy="check the id and the shop; what was refused stands in `touchpoint quarantine list`, what waits in "
            "`touchpoint gate show`",
        )
    show(rows, as_json, "No decision: it was no candidate of any campaign by then.")


def stop(
    note: Note = "",
    shop: Annotated[str | None, typer.Option("--shop", help="This shop alone.")] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", help="This campaign alone.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before everything is stopped.")] = False,
    as_json: AsJson = False,
) -> None:
    """Stop a shop, a campaign, or with neither everything (asks, and wants a note). Works at the next claim."""
    if shop is None and campaign is None:
        _ask_to_stop_everything(note, yes)
    _switch("stopped", shop, campaign, note, as_json)


def resume(
    note: Note = "",
    shop: Annotated[str | None, typer.Option("--shop", help="This shop.")] = None,
    campaign: Annotated[str | None, typer.Option("--campaign", help="This campaign.")] = None,
    as_json: AsJson = False,
) -> None:
    """Let what was stopped go on."""
    _switch("resumed", shop, campaign, note, as_json)


COMMANDS = (ingest, dispatch, reconcile, report, why, stop, resume)


@campaign_app.command("preview")
def campaign_preview(
    campaign: str, shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """What a campaign would decide as of an instant. Nothing is written."""
    from touchpoint.preview import preview

    known_shop(shop)
    known_campaign(campaign)
    with services() as opened:
        found = preview(opened, trigger(opened, shop, as_of, "preview"), campaign)
    show(found, as_json, "No candidates.")


@campaign_app.command("lint")
def campaign_lint(campaign: Annotated[str | None, typer.Argument()] = None, as_json: AsJson = False) -> None:
    """Load every campaign file strictly and check wording and length; exit code 1 if one must not go."""
    from touchpoint.campaigns.lint import lint
    from touchpoint.campaigns.load import load_campaigns

    if campaign is not None:
        known_campaign(campaign)
    loaded = load_campaigns()
    rows: list[dict[str, Any]] = [
        {"campaign": "", "level": "error", "place": e.place, "finding": f"{e.thing}; {e.remedy}"} for e in loaded.broken
    ]
    for found in loaded.by_id.values():
        if campaign in (None, found.id):
            rows += [{"campaign": found.id, **finding.as_dict()} for finding in lint(found)]
    show(rows, as_json, "Nothing to say.")
    if any(row["level"] == "error" for row in rows):
        raise typer.Exit(1)


@campaign_app.command("run")
def campaign_run(campaign: str, shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """One whole run for one campaign, as its DAG would do it."""
    from touchpoint import pipeline
    from touchpoint.campaigns.load import load_campaigns
    from touchpoint.reports.summary import summary

    known_shop(shop)
    known_campaign(campaign)
    loaded = load_campaigns()
    if campaign not in loaded.by_id:
        raise next((error for error in loaded.broken if f"/{campaign}.yaml" in error.place), loaded.broken[0])
    spec = loaded.by_id[campaign]
    if not spec.enabled:
        raise ConfigError("it says enabled: false", place=f"config/campaigns/{campaign}.yaml", remedy="enable it first")
    with services() as opened:
        run = pipeline.run_once(opened, trigger(opened, shop, as_of, "shell", spec.cadence), only=campaign)
        with opened.db.transaction() as tx:
            decided = summary(tx, [run.run_no])["campaigns"]
    none = f"Nothing decided: not due, or a run in mode {run.mode}."
    show([{"campaign": name, **found["decisions"]} for name, found in decided.items()], as_json, none)


def _switch(change: str, shop: str | None, campaign: str | None, note: str, as_json: bool) -> None:
    from touchpoint.outbox import stops

    if shop is not None:
        known_shop(shop)
    with services() as opened, opened.db.transaction() as tx:
        if campaign is not None and campaign not in {row["campaign_id"] for row in stops.state(tx)}:
            known_campaign(campaign)
        turn = stops.stop if change == "stopped" else stops.resume
        turn(tx, who=getpass.getuser(), note=note, shop_id=shop, campaign_id=campaign)
        standing = _still_stopped(stops.state(tx)) if change == "resumed" else ""
    what = _scope(shop, campaign)
    say({change: what}, as_json, f"{change.capitalize()}: {what}.{standing}")


def _ask_to_stop_everything(note: str, yes: bool) -> None:
    if not note.strip():
        raise TouchpointError(
            "no note",
            place="touchpoint stop",
            remedy="stopping everything wants one: --note why; or name what to stop: --shop S, --campaign C",
        )
    if not yes and not typer.confirm("Nothing of any shop goes out until it is resumed. Stop everything?", err=True):
        raise typer.Exit(1)


def _still_stopped(switches: list[Row]) -> str:
    scopes = [_scope(row["shop_id"], row["campaign_id"]) for row in switches if row["is_stopped"]]
    return f" Stopped: {', '.join(scopes)}." if scopes else ""


def _scope(shop: str | None, campaign: str | None) -> str:
    named = [f"shop {shop}" if shop else "", f"campaign {campaign}" if campaign else ""]
    return " ".join(filter(None, named)) or "everything"
