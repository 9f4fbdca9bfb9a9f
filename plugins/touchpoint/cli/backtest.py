"""`touchpoint segments backtest`: which dormancy rule tells best on the shop's own past."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from touchpoint.cli.common import (
    DEFAULT_SHOP,
    AsJson,
    AsOf,
    ShopOption,
    as_json_text,
    as_table,
    instant,
    known_shop,
    services,
)
from touchpoint.errors import TouchpointError
from touchpoint.settings import CONFIG_ROOT, Dormancy, Segments, load_segments, parse_duration
from touchpoint.settings.learning import load_learning

if TYPE_CHECKING:
    from touchpoint.learning.verdict import Backtest
    from touchpoint.services import Services
    from touchpoint.settings import Shop


def segments_backtest(
    shop: ShopOption = DEFAULT_SHOP,
    at: Annotated[
        list[str] | None, typer.Option("--at", help="Instant to look from; may be given several times.")
    ] = None,
    origins: Annotated[int, typer.Option("--origins", min=1, help="Without --at: so many, a horizon apart.")] = 3,
    horizon: Annotated[str | None, typer.Option("--horizon", help="As in 90d. Default: config/segments.yaml.")] = None,
    as_of: AsOf = None,
    picture: Annotated[Path | None, typer.Option("--picture", help="File to draw: .png or .svg.")] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Make the winner the shop's own rule from --as-of on.")] = False,
    as_json: AsJson = False,
) -> None:
    """How well each dormancy rule would have told who still buys; what came is taken as of --as-of."""
    from touchpoint.learning import verdict
    from touchpoint.learning.lessons import Rules
    from touchpoint.reports.backtest_chart import format_of

    loaded = known_shop(shop)
    if picture:
        format_of(picture)  # before anything is measured or kept
    segments = _segments(horizon)
    with services() as opened:
        today = instant(opened, as_of)
        until = _end(opened, loaded, today)
        asked = [_past(opened, word, until, segments.dormancy) for word in at or ()]
        asked = asked or verdict.instants(until, segments.dormancy.horizon, origins)
        rules = Rules(load_learning(loaded.id), segments)
        with opened.db.transaction() as tx:
            holds = verdict.holding(tx, loaded, today)
            found = verdict.backtest(tx, shop=loaded, at=asked, known_at=today, dormancy=segments.dormancy, holds=holds)
            is_kept = keep and verdict.keep(tx, shop=loaded, found=found, as_of=today, rules=rules)
    if picture:
        _draw(picture, loaded, found, segments.dormancy)
    told = {**_told(found), "kept": is_kept}
    print(as_json_text(told) if as_json else _text(told, loaded, segments.dormancy, keep))


def _segments(horizon: str | None) -> Segments:
    segments = load_segments(CONFIG_ROOT)
    if horizon is None:
        return segments
    try:
        changed = {**segments.dormancy.model_dump(), "horizon": parse_duration(horizon)}
        return segments.model_copy(update={"dormancy": Dormancy.model_validate(changed)})
    except ValueError as error:
        raise TouchpointError(f"{horizon!r} will not do", place="--horizon", remedy="write days, as in 90d") from error


def _end(opened: Services, shop: Shop, asked: datetime) -> datetime:
    """The last instant of which something is known: later than the last sale nobody can be told to have stayed away."""
    from touchpoint.learning import histories

    with opened.db.transaction() as tx:
        last = histories.last_paid_at(tx, shop=shop, as_of=asked)
    return asked if last is None else min(asked, last)


def _past(opened: Services, word: str, until: datetime, dormancy: Dormancy) -> datetime:
    found = instant(opened, word)
    if found + dormancy.horizon > until:
        raise TouchpointError(
            f"what came in the {dormancy.horizon.days} days after {word} is not known as of {until.isoformat()}",
            place="--at",
            remedy="look from an earlier instant, or less far ahead",
        )
    return found


def _told(found: Backtest) -> dict[str, Any]:
    """Everything, as JSON and tables take it; shares as they are."""
    return {
        "held": found.held,
        "winner": found.winner,
        "scores": [
            {
                "score": name,
                "area": round(one.area, 4),
                "low": round(one.low, 4),
                "high": round(one.high, 4),
                "lead": round(one.lead, 4),
                "lead_low": round(one.lead_low, 4),
                "dormant": _rounded(one.dormant),
                "dormant_bought": _rounded(one.of_dormant),
                "awake_bought": _rounded(one.of_awake),
            }
            for name, one in found.measured.items()
        ],
        "origins": [
            {
                "at": one.at.isoformat(),
                "customers": one.customers,
                "repeat_buyers": one.repeat_buyers,
                "bought": round(one.bought, 4),
                **{f"area_{name}": round(one.areas.of(name), 4) for name in one.areas.names},
                **{
                    f"repeat_{name}": round(one.repeat_areas.of(name), 4) if one.repeat_areas else None
                    for name in one.areas.names
                },
                "brier": _rounded(one.brier and one.brier[0]),
                "brier_of_share": _rounded(one.brier and one.brier[1]),
                "missing": "; ".join(f"{name}: {why}" for name, why in one.missing.items()),
                "learned": one.learned,
            }
            for one in found.origins
        ],
        "calibration": [{name: round(value, 4) for name, value in row.items()} for row in found.calibration],
        "refused": {at.isoformat(): why for at, why in found.refused.items()},
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _text(told: dict[str, Any], shop: Shop, dormancy: Dormancy, keep: bool) -> str:
    days = dormancy.horizon.days
    origins = [
        {name: value for name, value in one.items() if name != "learned" and not name.startswith("area_")}
        for one in told["origins"]
    ]
    parts = [
        f"Who would pay an order within {days} days. area: the chance that a buyer scores above one who does not buy.",
        as_table(told["scores"]),
        as_table(origins),
    ]
    if told["calibration"]:
        parts += ["Chance to buy (lifetime), by tenths of customers:", as_table(told["calibration"])]
    parts += [f"{at} not measured: {why}" for at, why in told["refused"].items()]
    outcome = {True: "kept as the shop's rule", False: "it was the shop's rule already, by the same areas"}
    kept = outcome[told["kept"]] if keep else "not kept: --keep makes it the shop's rule"
    if told["winner"] == told["held"]:
        told_best = f"{told['held']} holds for {shop.id}: no rule told better beyond chance"
    else:
        told_best = f"{told['winner']} told best for {shop.id}, where {told['held']} held"
    return "\n".join([*parts, f"{told_best}; {kept}."])


def _draw(path: Path, shop: Shop, found: Backtest, dormancy: Dormancy) -> None:
    from touchpoint.reports.backtest_chart import draw

    days = ", ".join(one.at.astimezone(shop.tz).date().isoformat() for one in found.origins)
    draw(
        path,
        title=f"{shop.name}: as of {days}, {dormancy.horizon.days} days ahead",
        areas={name: (one.area, one.low, one.high) for name, one in found.measured.items()},
        winner=found.winner,
        calibration=found.calibration,
    )
