"""A picture of a backtest: how well each score told who would buy, and whether chances came true.

Altair and vl-convert are heavy and imported when a picture is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from touchpoint.errors import TouchpointError

WORDS = {
    "fixed": "silence",
    "rhythm": "silence / own gap",
    "lifetime": "chance to buy (BG/NBD)",
    "p_alive": "P(alive) (BG/NBD)",
}
RULE, OTHER, LINE = "#0072B2", "#8A8A8A", "#D55E00"  # Okabe and Ito's palette, as in charts.py
SIZE = {"width": 300, "height": 220}


def format_of(path: Path) -> str:
    """The format a file's name asks for: `.svg` or `.png`.

    Raises:
        TouchpointError: neither.
    """
    kind = path.suffix.lower()
    if kind not in (".svg", ".png"):
        raise TouchpointError(f"a picture in {kind or 'no format'}", place=path.name, remedy="name it .png or .svg")
    return kind


def draw(
    path: Path,
    *,
    title: str,
    areas: Mapping[str, tuple[float, float, float]],
    winner: str,
    calibration: Sequence[Mapping[str, float]],
) -> None:
    """Write the picture, as SVG or PNG by the name of the file.

    Args:
        path: file to write, replaced if it is there.
        title: shop and instants.
        areas: of each score, area under the curve and its 95 % interval.
        winner: the score that won.
        calibration: predicted and bought, shares, part by part; empty: the right half is left out.

    Raises:
        TouchpointError: the file is named neither .svg nor .png.
    """
    import altair as alt
    import vl_convert

    kind = format_of(path)
    halves = [_areas(areas, winner), *([_calibration(calibration)] if calibration else [])]
    chart = alt.hconcat(*halves, spacing=50).properties(title=alt.Title(title, anchor="start", fontSize=14))
    spec = {**chart.to_dict(), "background": "white"}
    if kind == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, scale=1.5))
    else:
        path.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")


def _areas(areas: Mapping[str, tuple[float, float, float]], winner: str) -> Any:
    import altair as alt

    rows = [
        {
            "score": WORDS.get(name, name),
            "area": area,
            "low": low,
            "high": high,
            "text": f"{area:.3f}",
            "won": name == winner,
        }
        for name, (area, low, high) in areas.items()
    ]
    least = min([0.5, *(low for _, low, _ in areas.values())])
    shown = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("score:N", title=None, sort=None, axis=alt.Axis(labelLimit=200)),
        color=alt.condition("datum.won", alt.value(RULE), alt.value(OTHER)),
    )
    scale = alt.Scale(domain=[round(least - 0.05, 2), 1], nice=False)
    spread = shown.mark_rule(strokeWidth=2).encode(
        x=alt.X("low:Q", scale=scale, title="area under the curve, 95 % interval (0.5: chance)"), x2="high:Q"
    )
    marks = shown.mark_circle(size=90, opacity=1).encode(x=alt.X("area:Q", scale=scale))
    written = shown.mark_text(dy=-12).encode(x=alt.X("area:Q", scale=scale), text="text:N")
    chance = (
        alt.Chart(alt.Data(values=[{"x": 0.5}]))
        .mark_rule(strokeDash=[4, 4], color=OTHER)
        .encode(x=alt.X("x:Q", scale=scale))
    )
    return (chance + spread + marks + written).properties(**SIZE, title="Who would buy: how well it was told")


def _calibration(rows: Sequence[Mapping[str, float]]) -> Any:
    import altair as alt

    most = max([0.05, *(max(row["predicted"], row["bought"]) for row in rows)]) * 1.05
    scale = alt.Scale(domain=[0, most], nice=False)
    ideal = alt.Chart(alt.Data(values=[{"x": 0, "y": 0}, {"x": most, "y": most}]))
    told = alt.Chart(alt.Data(values=[dict(row) for row in rows])).encode(
        x=alt.X("predicted:Q", scale=scale, title="predicted share of buyers, by tenths of customers"),
        y=alt.Y("bought:Q", scale=scale, title="share who bought"),
    )
    line = ideal.mark_line(strokeDash=[4, 4], color=LINE).encode(x="x:Q", y="y:Q")
    marks = told.mark_line(color=RULE) + told.mark_circle(size=70, color=RULE, opacity=1)
    return (line + marks).properties(**SIZE, title="Chance to buy (BG/NBD): told and come true")
