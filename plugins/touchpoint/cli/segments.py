"""`touchpoint segments …`: how many customers are in each segment as of an instant, and why one is."""

from __future__ import annotations

from typing import Annotated

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, instant, known_shop, services, show
from touchpoint.settings import CONFIG_ROOT, load_segments

segments_app = typer.Typer(help="Segments of customers, as of any instant.", no_args_is_help=True)


@segments_app.command("show")
def segments_show(shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Customers by RFM group, value tier and lifecycle stage."""
    from touchpoint.record import segments

    loaded = known_shop(shop)
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            found = segments.counts(tx, shop=loaded, as_of=at, segments=load_segments(CONFIG_ROOT))
    show(found, as_json, "No customers by then.")


@segments_app.command("explain")
def segments_explain(
    customer: Annotated[str, typer.Option("--customer", help="Customer id, as the platform has it.")],
    shop: ShopOption = DEFAULT_SHOP,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Why a customer is in each segment: values, scores and where they begin."""
    from touchpoint.record import segments

    loaded = known_shop(shop)
    with services() as opened:
        at = instant(opened, as_of)
        rules = load_segments(CONFIG_ROOT)
        with opened.db.transaction() as tx:
            found = segments.explain(tx, shop=loaded, customer_id=customer, as_of=at, segments=rules)
    show(found, as_json, "")
