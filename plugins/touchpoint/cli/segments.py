"""`touchpoint segments …`: how many customers are in each segment as of an instant, who, who moved, and why."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, instant, known_shop, say, services, show
from touchpoint.settings import CONFIG_ROOT, load_segments, load_tags, parse_duration

if TYPE_CHECKING:
    from datetime import datetime

    from touchpoint.db import Transaction
    from touchpoint.record.segments import Everybody, Kind
    from touchpoint.settings import Shop

segments_app = typer.Typer(help="Segments of customers, as of any instant.", no_args_is_help=True)
BrandOption = Annotated[str | None, typer.Option("--brand", help="All shops of a brand, their people as one.")]
KindOption = Annotated[str, typer.Option("--kind", help="rfm_group, value_tier, stage, dormancy or cause.")]


@segments_app.command("show")
def segments_show(
    shop: ShopOption = DEFAULT_SHOP,
    brand: BrandOption = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Customers by RFM group, value tier, lifecycle stage, dormancy and cause of leaving."""
    from touchpoint.record import segments

    with _record(shop, as_of, brand) as (tx, loaded, at, everyone):
        found = segments.counts(tx, shop=loaded, as_of=at, everyone=everyone)
    show(found, as_json, "No customers by then.")


@segments_app.command("explain")
def segments_explain(
    customer: Annotated[str, typer.Option("--customer", help="Customer id, as the platform has it.")],
    shop: ShopOption = DEFAULT_SHOP,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Why a customer is in each segment and has each tag: values, scores, evidence, and where things begin."""
    from touchpoint.record.explain import explain

    rules, tags = load_segments(CONFIG_ROOT), load_tags(CONFIG_ROOT)
    with _record(shop, as_of) as (tx, loaded, at, everyone):
        found = explain(tx, shop=loaded, customer_id=customer, as_of=at, segments=rules, tags=tags, everyone=everyone)
    show(found, as_json, "")


@segments_app.command("digest")
def segments_digest(
    shop: ShopOption = DEFAULT_SHOP, brand: BrandOption = None, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """One number for all that is derived as of an instant: asked twice of the same data, the same."""
    from touchpoint.record import segments

    with _record(shop, as_of, brand) as (tx, _, _, everyone):
        found = segments.digest(tx, everyone)
    show(found, as_json, "")


@segments_app.command("members")
def segments_members(
    shop: ShopOption = DEFAULT_SHOP,
    as_of: AsOf = None,
    kind: KindOption = "stage",
    segment: Annotated[str, typer.Option("--segment", help="List who was in this one; without it, counts.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who was in a segment at an instant, as the record said then (since its first refresh)."""
    from touchpoint.record import segments

    loaded, asked = known_shop(shop), _kind(kind)
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            if segment:
                found = segments.who(tx, shop_id=loaded.id, at=at, kind=asked, segment=segment)
            else:
                found = segments.members(tx, shop_id=loaded.id, at=at)
    show(found, as_json, "Nobody. Before the shop's first refresh: `touchpoint segments recall`.")


@segments_app.command("moves")
def segments_moves(
    begins: Annotated[str, typer.Option("--from", help="Instant, ISO 8601 with offset.")],
    ends: Annotated[str | None, typer.Option("--until", help="Instant; now if left out.")] = None,
    shop: ShopOption = DEFAULT_SHOP,
    kind: KindOption = "stage",
    as_json: AsJson = False,
) -> None:
    """Who moved where between two instants, as the record said at each."""
    from touchpoint.record import segments

    loaded, asked = known_shop(shop), _kind(kind)
    with services() as opened:
        span = {"begins": instant(opened, begins), "ends": instant(opened, ends)}
        with opened.db.transaction() as tx:
            segments.require_reached(tx, shop_id=loaded.id, at=span["begins"])
            found = segments.moves(tx, shop_id=loaded.id, kind=asked, **span)
    show(found, as_json, "Nobody moved.")


@segments_app.command("cohorts")
def segments_cohorts(shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, as_json: AsJson = False) -> None:
    """Customers by the month of their first order, active in each month since; and how many bought once."""
    from touchpoint.record import cohorts

    with _record(shop, as_of, wanted=()) as (tx, loaded, at, everyone):
        found = cohorts.cohorts(tx, shop_id=loaded.id, as_of=at)
        once = cohorts.repeat_share(tx, features=everyone.features)
    if as_json:
        say({"cohorts": found, "once": once}, as_json, "")
        return
    ages = max((len(row["active"]) for row in found), default=0)
    padded = [[*row["active"], *[""] * (ages - len(row["active"]))] for row in found]
    lines = [
        {"cohort": row["cohort"], **{f"+{age}": heads for age, heads in enumerate(active)}}
        for row, active in zip(found, padded, strict=True)
    ]
    show(lines, as_json, "No customers by then.")
    typer.echo(
        f"{once['customers']} customers: {once['with_one_order']} with one order ({once['share_with_one_order']:.1%}),"
        f" {once['on_one_day']} on one day alone ({once['share_on_one_day']:.1%})"
    )


@segments_app.command("recall")
def segments_recall(
    since: Annotated[str, typer.Option("--since", help="First instant, ISO 8601 with offset.")],
    every: Annotated[str, typer.Option("--every", help="Step between instants, as in 1d.")] = "1d",
    shop: ShopOption = DEFAULT_SHOP,
) -> None:
    """Keep the segments of the time before the shop's first refresh, as of one past instant after another."""
    from touchpoint.record.recall import recall

    loaded, step = known_shop(shop), parse_duration(every)
    rules = {"segments": load_segments(CONFIG_ROOT), "tags": load_tags(CONFIG_ROOT)}
    with services() as opened, opened.db.transaction() as tx:
        spans = recall(tx, shop=loaded, since=instant(opened, since), every=step, **rules)  # type: ignore[arg-type]
    typer.echo(f"{spans} spans kept")


@contextmanager
def _record(
    shop: str, as_of: str | None, brand: str | None = None, wanted: tuple[str, ...] | None = None
) -> Iterator[tuple[Transaction, Shop, datetime, Everybody]]:
    """The whole record of a shop, or of the shops of a brand, as of an instant."""
    from touchpoint.record import brands, segments

    shops = brands.shops_of(brand, CONFIG_ROOT) if brand else [known_shop(shop)]
    rules = {"segments": load_segments(CONFIG_ROOT), "tags": load_tags(CONFIG_ROOT)}
    with services() as opened, opened.db.transaction() as tx:
        at = instant(opened, as_of)
        if brand:
            brands.people(tx, shops, at)
        scope = "brand" if brand else "all"
        given = {"as_of": at, "scope": scope, "wanted": wanted, "others": shops[1:], **rules}
        with segments.everybody(tx, shop=shops[0], **given) as everyone:  # type: ignore[arg-type]
            yield tx, shops[0], at, everyone


def _kind(word: str) -> Kind:
    kinds: dict[str, Kind] = {
        "rfm_group": "rfm_group",
        "value_tier": "value_tier",
        "stage": "stage",
        "dormancy": "dormancy",
        "cause": "cause",
    }
    if word not in kinds:
        raise typer.BadParameter(f"{word!r} is no kind of segment: one of {', '.join(kinds)}", param_hint="--kind")
    return kinds[word]
