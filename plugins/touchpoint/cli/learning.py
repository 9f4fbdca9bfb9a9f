"""`touchpoint learn`, `touchpoint learned show`: what a shop's own data teach, and what it works by."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, as_json_text, instant, known_shop, services
from touchpoint.cli.lessons import SAMPLES, section
from touchpoint.errors import ConfigError
from touchpoint.services import Services
from touchpoint.settings import Shop, load_logistics, load_segments

learned_app = typer.Typer(help="What a shop's own data have taught.", no_args_is_help=True)
NameOption = Annotated[str | None, typer.Option("--name", help="pay_delay, delivery_norms …; all if left out.")]


def learn(
    shop: ShopOption = DEFAULT_SHOP,
    as_of: AsOf = None,
    keep: Annotated[bool, typer.Option("--keep", help="Work by it from there on.")] = False,
    name: NameOption = None,
    picture: Annotated[
        Path | None, typer.Option("--picture", help="Draw the pay-delay curves: a file .svg or .png.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Learn from the shop's facts as of an instant; nothing is kept without --keep."""
    from touchpoint.pipeline.learning import teach

    loaded = known_shop(shop)
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            found = teach(tx, opened, loaded, at, keep=keep, only=[name] if name else None)
    rows: list[dict[str, Any]] = [
        {
            "name": each,
            "sample": lesson.sample if lesson else "not enough",
            "since": lesson.since if lesson else None,
            "until": lesson.until if lesson else at,
            "kept": _kept(lesson is not None, keep, is_kept),
        }
        for each, (lesson, is_kept) in found.items()
    ]
    bodies = {each: dict(lesson.body) for each, (lesson, _) in found.items() if lesson}
    if picture is not None:
        _draw(picture, bodies, loaded.id, at)
    if as_json:
        print(as_json_text({"learned": rows, "bodies": bodies}))
        return
    _print_sections(
        section(row["name"], [*_from(loaded, row), f"kept: {row['kept']}"], bodies.get(row["name"])) for row in rows
    )


@learned_app.command("show")
def learned_show(
    shop: ShopOption = DEFAULT_SHOP, as_of: AsOf = None, name: NameOption = None, as_json: AsJson = False
) -> None:
    """The versions in force: since when, from which data, and what they say."""
    from touchpoint.learning import kept, learners

    loaded = known_shop(shop)
    names = [each for each, _ in learners.LEARNERS]
    if name is not None and name not in names:
        raise ConfigError(f"nobody learns {name!r}", place="--name", remedy=f"one of: {', '.join(names)}")
    with services() as opened:
        at = instant(opened, as_of)
        with opened.db.transaction() as tx:
            found = [
                version
                for each in names
                if name in (None, each) and (version := kept.in_force(tx, shop, each, at)) is not None
            ]
        users = [_used_by(opened, loaded, version.name) for version in found]
    rows: list[dict[str, Any]] = [
        {
            "name": version.name,
            "version": version.no,
            "in force from": version.learned_as_of,
            "data since": version.since,
            "data until": version.until,
            "sample": version.sample,
            "data": version.data_hash[:12],
            "used by": used,
        }
        for version, used in zip(found, users, strict=True)
    ]
    if as_json:
        bodies = {version.name: version.body for version in found}
        print(as_json_text({"learned": rows, "bodies": bodies}))
        return
    if not rows:
        print("Nothing learned by then: `touchpoint learn --keep`, or the next daily run.")
    else:
        _print_sections(
            section(version.name, _of_version(loaded, row), version.body)
            for row, version in zip(rows, found, strict=True)
        )


def _of_version(shop: Shop, row: Mapping[str, Any]) -> list[str]:
    facts = [f"version {row['version']}", f"in force after {_day(shop, row['in force from'], '%Y-%m-%d %H:%M')}"]
    used = [f"used by {row['used by']}"] if row["used by"] else []
    return [*facts, *_from(shop, row), f"data {row['data']}", *used]


def _print_sections(sections: Iterable[str]) -> None:
    print("\n\n\n".join(sections))


def _from(shop: Shop, row: Mapping[str, Any]) -> list[str]:
    """What it was learned from: how many, and of which days of the shop."""
    since, until = (row.get(f"data {end}", row.get(end)) for end in ("since", "until"))
    days = f"{_day(shop, since)} to {_day(shop, until)}" if since else f"until {_day(shop, until)}"
    sample = row["sample"]
    return [f"from {sample} {SAMPLES.get(row['name'], 'customers')}, {days}"] if isinstance(sample, int) else []


def _day(shop: Shop, at: datetime, pattern: str = "%Y-%m-%d") -> str:
    return at.astimezone(shop.tz).strftime(pattern)


def _used_by(opened: Services, shop: Shop, name: str) -> str:
    """Who says `learned` for it; what nobody asks for changes nothing. Empty: it works by itself."""
    from touchpoint.campaigns import delays
    from touchpoint.campaigns.load import load_campaigns

    loaded = load_campaigns(opened.config).by_id.values()
    users = {
        "pay_delay": [each.id for each in loaded if delays.is_learned(each.audience.sql_parameters())],
        "answer_delay": [each.id for each in loaded if each.is_learned],
        "delivery_norms": ["norms"] if load_logistics(opened.config).rules(shop).get("days_learned") else [],
        "dormancy": ["segments"] if load_segments(opened.config).dormancy.rule == "learned" else [],
    }
    return (", ".join(users[name]) or "nobody") if name in users else ""


def _kept(is_enough: bool, keep: bool, is_kept: bool) -> str:
    if not keep or not is_enough:
        return "no"
    return "yes" if is_kept else "as before"


def _draw(path: Path, bodies: dict[str, dict[str, Any]], shop: str, at: datetime) -> None:
    from touchpoint.reports.learned_chart import draw_pay_delay

    if "pay_delay" not in bodies:
        raise ConfigError(
            "too few orders for a curve", place="--picture", remedy="a longer window: config/learning.yaml"
        )
    draw_pay_delay(path, bodies["pay_delay"], title=f"How soon buyers of {shop} pay, as of {at.date()}")
