"""`touchpoint customers …`: two customers who are one person. Ids and hashes alone, no address, no name."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, instant, known_shop, say, services, show

customers_app = typer.Typer(help="Customers who are one person.", no_args_is_help=True)


@customers_app.command("merge")
def customers_merge(
    from_id: Annotated[str, typer.Option("--from", help="Customer id that ends: its facts become the other's.")],
    into_id: Annotated[str, typer.Option("--into", help="Customer id that survives.")],
    by: Annotated[str, typer.Option("--by", help="Who says so; kept.")],
    note: Annotated[str, typer.Option("--note", help="Why; no addresses. Kept until the person is forgotten.")],
    shop: ShopOption = DEFAULT_SHOP,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would change, and change nothing.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say that two customers are one person, from now on. Nothing undoes it: try --dry-run first."""
    from touchpoint.pipeline.merging import merge_customers

    loaded = known_shop(shop)
    with services() as opened:
        made = merge_customers(opened, loaded, from_id=from_id, into_id=into_id, who=by, note=note, dry_run=dry_run)
    if as_json:
        say(asdict(made), as_json, "")
        return
    told = {"becomes theirs": made.moved, "stays and counts for them": made.kept, "of what waited": made.messages}
    rows = [
        {"what": what, "of": name, "count": count}
        for what, counts in told.items()
        for name, count in counts.items()
        if count
    ]
    does = "would be" if dry_run else "is"
    people = "two people until then" if made.were_two_people else "one person before, by the same identity"
    print(f"{from_id} {does} {into_id} from {made.known_at.astimezone(loaded.tz).isoformat()} on: {people}.")
    show(rows, False, "Nothing is known of them beside the id.")


@customers_app.command("merged")
def customers_merged(shop: ShopOption = DEFAULT_SHOP, as_json: AsJson = False) -> None:
    """Who was merged into whom, by whom and why."""
    from touchpoint.facts import customers

    known_shop(shop)
    with services() as opened, opened.db.transaction() as tx:
        rows = customers.list_merges(tx, shop)
    show(rows, as_json, "Nobody was merged.")


@customers_app.command("twins")
def customers_twins(shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Customers who share a phone or an e-mail and are not known to be one person: for somebody to decide."""
    from touchpoint.facts import customers

    known_shop(shop)
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            rows = customers.twins(tx, shop, at)
    show(rows, as_json, "No two customers share a phone or an e-mail.")


@customers_app.command("who")
def customers_who(
    customer: Annotated[str, typer.Option("--customer", help="Customer id, as the platform has it.")],
    shop: ShopOption = DEFAULT_SHOP,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Every customer of the person a customer is, in all shops of the brand, as of an instant."""
    from touchpoint.facts import customers

    known_shop(shop)
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            person = customers.account(tx, shop, customer, at)
            rows = customers.accounts(tx, person.identity, at)
    show(rows, as_json, "")
