"""`touchpoint segments outlook`: what is to be expected of each customer."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, instant, known_shop, services, show
from touchpoint.errors import TouchpointError
from touchpoint.settings import CONFIG_ROOT, load_segments

if TYPE_CHECKING:
    from touchpoint.learning.outlook import Outlook


def segments_outlook(
    shop: ShopOption = DEFAULT_SHOP,
    as_of: AsOf = None,
    top: Annotated[int, typer.Option("--top", min=1, help="So many, those of whom most is expected first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Of each customer: are they one still, will they buy within the horizon, how often, for how much."""
    from touchpoint.learning.outlook import outlooks

    loaded, dormancy = known_shop(shop), load_segments(CONFIG_ROOT).dormancy
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            found = outlooks(tx, shop=loaded, as_of=at, dormancy=dormancy)
            if found is None:
                raise TouchpointError(
                    f"shop {shop} had not learned what to expect of its customers by {at.isoformat()}",
                    place="record.learned_parameters: lifetime",
                    remedy="it learns with the daily run once it has enough repeat buyers; docs/lifetime.md",
                )
            best = nlargest(top, found, key=_expected)
    show([_row(one) for one in best], as_json, "Nobody has paid an order yet.")


def _expected(one: Outlook) -> tuple[float, float]:
    return float(one.value or 0), one.orders


def _row(one: Outlook) -> dict[str, Any]:
    told = {name: round(value, 3) for name, value in (("alive", one.alive), ("buys", one.buys), ("orders", one.orders))}
    return {
        "customer_id": one.customer_id,
        "purchase_days": one.repeats + 1,
        "silent_days": one.age - one.span,
        **told,
        "purchase": one.purchase,
        "value": one.value,
    }
