"""`touchpoint learn`, `touchpoint learned show`: what a shop's own data teach, and what it works by."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, AsOf, ShopOption, instant, known_shop, services, show
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
    rows = [
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
        print(json.dumps({"learned": rows, "bodies": bodies}, default=str, ensure_ascii=False, indent=2))
        return
    show(rows, False, "")
    for each, body in bodies.items():
        _tell(each, body)


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
    rows = [
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
        print(json.dumps({"learned": rows, "bodies": bodies}, default=str, ensure_ascii=False, indent=2))
        return
    show(rows, False, "Nothing learned by then: `touchpoint learn --keep`, or the next daily run.")
    for version in found:
        _tell(version.name, version.body)


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


def _tell(name: str, body: dict[str, Any]) -> None:
    tell = {"pay_delay": _pay_delay, "delivery_norms": _delivery_norms, "dormancy": _dormancy}.get(name)
    if tell is not None:
        print(f"\n{name}")
        show(tell(body), False, "")


def _pay_delay(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "source": group["source"] or "any",
            "payment": group["kind"] or "any",
            "orders": group["orders"],
            "paid": group["paid"],
            "by themselves": _share(group["pay_by_themselves"]),
            **{f"≤ {_age(age)}": _share(group["curve"].get(str(age))) for age in TOLD},
            "half by": _age(group["half_paid_at"]),
            "closes": _age(group["closes"]),
            "remind after": _age(group["after"]) if group["after"] is not None else "never",
            "paid by then": _share(group["paid_by_then"]),
            "why": WHY[group["why"]] if group in body["groups"] else FEW,
        }
        for group in (*body["groups"], *body.get("few", ()))
    ]


def _delivery_norms(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {
            "carrier": group["carrier"] or "any",
            "region": group["region"] or "any",
            "parcels": group["parcels"],
            "arrived": group["arrived"],
            "half within": f"{group['half_arrived_in']} d",
            f"{body['quantile']:.0%} within": f"{group['days']} d",
            **{f"≤ {day} d": _share(share) for day, share in group["curve"].items()},
        }
        for group in body["groups"]
    ]


def _dormancy(body: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"score": name, "area": f"{area:.3g}", "holds": "yes" if name == body["rule"] else ""}
        for name, area in body["areas"].items()
    ]


TOLD = (600, 1800, 3600, 2 * 3600, 6 * 3600, 24 * 3600, 48 * 3600)
FEW = "too few to go by: never sooner than that"
WHY = {"share": "enough have paid", "closing": "it closes soon after", "never": "most pay later, while it is open"}


def _share(share: float | None) -> str:
    return "" if share is None else f"{share:.1%}"


def _age(seconds: int | None) -> str:
    """`90 s`, `45 min`, `36 h`, `5 d`: the largest unit it is a whole number of, else the next one of two digits."""
    if seconds is None:
        return ""
    age = timedelta(seconds=seconds)
    for unit, word in ((timedelta(days=1), "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "min")):
        if age >= 2 * unit or (age >= unit and age % unit == timedelta()):
            return f"{age / unit:.3g} {word}"
    return f"{seconds} s"


def _draw(path: Path, bodies: dict[str, dict[str, Any]], shop: str, at: datetime) -> None:
    from touchpoint.reports.learned_chart import draw_pay_delay

    if "pay_delay" not in bodies:
        raise ConfigError(
            "too few orders for a curve", place="--picture", remedy="a longer window: config/learning.yaml"
        )
    draw_pay_delay(path, bodies["pay_delay"], title=f"How soon buyers of {shop} pay, as of {at.date()}")
