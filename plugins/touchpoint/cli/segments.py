"""`touchpoint segments …`: how many customers are in each segment as of an instant, who, who moved, and why."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, instant, known_shop, say, services, show
from touchpoint.cli.records import BrandOption, notes_of, record, tell
from touchpoint.errors import TouchpointError
from touchpoint.settings import CONFIG_ROOT, load_segments, load_tags, parse_duration

if TYPE_CHECKING:
    from touchpoint.record.segments import Kind

segments_app = typer.Typer(help="Segments of customers, as of any instant.", no_args_is_help=True)
WhoseOption = Annotated[
    str | None,
    typer.Option("--shop", help=f"Shop the id is of. Default: {DEFAULT_SHOP}; of a brand, whichever knows the id."),
]
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

    with record(shop, as_of, brand) as (tx, shops, at, everyone):
        found = segments.counts(tx, shop=shops[0], as_of=at, everyone=everyone)
        notes = notes_of(tx, brand, shops, at)
    show(found, as_json, "No customers by then.")
    tell(notes, as_json)


@segments_app.command("explain")
def segments_explain(
    customer: Annotated[str, typer.Option("--customer", help="Customer id, as the platform has it.")],
    shop: WhoseOption = None,
    brand: BrandOption = None,
    as_of: AsOf = None,
    as_json: AsJson = False,
) -> None:
    """Why a customer is in each segment and has each tag: values, scores, evidence, and where things begin.

    With --brand the person they are, by what they did at all its shops.
    """
    from touchpoint.record.explain import explain, explain_person

    rules = {"segments": load_segments(CONFIG_ROOT), "tags": load_tags(CONFIG_ROOT)}
    with record(shop or DEFAULT_SHOP, as_of, brand) as (tx, shops, at, everyone):
        given = {"customer_id": customer, "as_of": at, "everyone": everyone, **rules}
        asked = partial(explain_person, shops=shops, at_shop=shop) if brand else partial(explain, shop=shops[0])
        found = asked(tx, **given)
    show(found, as_json, "")


@segments_app.command("digest")
def segments_digest(
    shop: ShopOption = DEFAULT_SHOP, brand: BrandOption = None, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """One number for all that is derived as of an instant: asked twice of the same data, the same."""
    from touchpoint.record import segments

    with record(shop, as_of, brand) as (tx, _, _, everyone):
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
            everyone = segments.members(tx, shop_id=loaded.id, at=at)
            found = everyone
            if segment:
                found = segments.who(tx, shop_id=loaded.id, at=at, kind=asked, segment=segment)
    there = ", ".join(sorted(row["segment"] for row in everyone if row["kind"] == asked))
    empty = "Nobody. Before the shop's first refresh: `touchpoint segments recall`."
    show(found, as_json, f"Nobody in {asked} {segment!r} then; there were: {there or 'none'}." if everyone else empty)


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
        if span["begins"] >= span["ends"]:
            raise TouchpointError(
                "it ends before it begins", place="--from, --until", remedy="name the earlier one first"
            )
        with opened.db.transaction() as tx:
            segments.require_reached(tx, shop_id=loaded.id, at=span["begins"])
            found = segments.moves(tx, shop_id=loaded.id, kind=asked, **span)
    show(found, as_json, "Nobody moved.")


@segments_app.command("cohorts")
def segments_cohorts(
    shop: ShopOption = DEFAULT_SHOP, brand: BrandOption = None, as_of: AsOf = None, as_json: AsJson = False
) -> None:
    """Customers by the month of their first order, active in each month since; and how many bought once."""
    from touchpoint.record import cohorts
    from touchpoint.record.reasons import counted

    with record(shop, as_of, brand, wanted=(), has_amounts=False) as (tx, shops, at, everyone):
        found = cohorts.cohorts(tx, shop_id=shops[0].id, as_of=at, scope=everyone.scope)
        once = cohorts.repeat_share(tx, features=everyone.features)
        notes = notes_of(tx, brand, shops, at)
    if as_json:
        say({"cohorts": found, "once": once}, as_json, "")
        tell(notes, as_json)
        return
    ages = max((len(row["active"]) for row in found), default=0)
    padded = [[*row["active"], *[""] * (ages - len(row["active"]))] for row in found]
    lines = [
        {"cohort": row["cohort"], **{f"+{age}": heads for age, heads in enumerate(active)}}
        for row, active in zip(found, padded, strict=True)
    ]
    show(lines, as_json, "No customers by then.")
    last = cohorts.over_since(found, at, shops[0].tz)
    if last:
        typer.echo(f"Nobody has paid an order after {last}: later months are left out.")
    typer.echo(
        f"{counted(once['customers'], 'customer')}:"
        f" {once['with_one_order']} with one order ({once['share_with_one_order']:.1%}),"
        f" {once['on_one_day']} on one day alone ({once['share_on_one_day']:.1%})"
    )
    tell(notes, as_json)


@segments_app.command("recall")
def segments_recall(
    since: Annotated[str, typer.Option("--since", help="First instant, ISO 8601 with offset.")],
    every: Annotated[str, typer.Option("--every", help="Step between instants, as in 1d.")] = "1d",
    shop: ShopOption = DEFAULT_SHOP,
) -> None:
    """Keep the segments of the time before the shop's first refresh, as of one past instant after another."""
    from touchpoint.record.recall import recall

    loaded, step = known_shop(shop), _step(every)
    rules = {"segments": load_segments(CONFIG_ROOT), "tags": load_tags(CONFIG_ROOT)}
    with services() as opened, opened.db.transaction() as tx:
        spans = recall(tx, shop=loaded, since=instant(opened, since), every=step, **rules)  # type: ignore[arg-type]
    typer.echo(f"{spans} spans kept")


def _step(word: str) -> timedelta:
    try:
        return parse_duration(word)
    except ValueError as error:
        raise TouchpointError(f"{word!r} is no step", place="--every", remedy="write days, as in 1d") from error


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
