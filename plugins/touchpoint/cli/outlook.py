"""`touchpoint segments outlook`: what is to be expected of each customer."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, show
from touchpoint.cli.records import BrandOption, notes_of, people, tell
from touchpoint.errors import TouchpointError
from touchpoint.settings import CONFIG_ROOT, load_segments

if TYPE_CHECKING:
    from touchpoint.learning.outlook import Outlook


def segments_outlook(
    shop: ShopOption = DEFAULT_SHOP,
    brand: BrandOption = None,
    as_of: AsOf = None,
    top: Annotated[int, typer.Option("--top", min=1, help="So many, those of whom most is expected first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Of each customer: are they one still, will they buy within the horizon, how often, for how much."""
    from touchpoint.learning.outlook import outlooks

    dormancy = load_segments(CONFIG_ROOT).dormancy
    with people(shop, as_of, brand) as (tx, shops, at):
        given = {"scope": "brand" if brand else "all", "others": shops[1:]}
        found = outlooks(tx, shop=shops[0], as_of=at, dormancy=dormancy, **given)  # type: ignore[arg-type]
        if found is None:
            raise TouchpointError(
                f"shop {shops[0].id} had not learned what to expect of its customers by {at.isoformat()}",
                place="record.learned_parameters: lifetime",
                remedy="it learns with the daily run once it has enough repeat buyers; docs/lifetime.md",
            )
        best = nlargest(top, found, key=_expected)
        notes = notes_of(tx, brand, shops, at)
    if brand:
        notes = [f"by what {shops[0].id} learned, for all of the brand", *notes]
    show([_row(one, brand) for one in best], as_json, "Nobody has paid an order yet.")
    tell(notes, as_json)


def _expected(one: Outlook) -> tuple[float, float]:
    return float(one.value or 0), one.orders


def _row(one: Outlook, brand: str | None) -> dict[str, Any]:
    told = {name: round(value, 3) for name, value in (("alive", one.alive), ("buys", one.buys), ("orders", one.orders))}
    return {
        **({"shop": one.shop_id} if brand else {}),
        "customer_id": one.customer_id,
        "purchase_days": one.repeats + 1,
        "silent_days": one.age - one.span,
        **told,
        "purchase": one.purchase,
        "value": one.value,
    }
