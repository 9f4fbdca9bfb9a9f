"""A picture of how soon buyers pay by themselves, and when a reminder is due.

Altair and vl-convert are heavy and imported when a picture is drawn.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from touchpoint.errors import TouchpointError

COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"]  # Okabe and Ito's palette, as in charts.py
TICKS = {60: "1 min", 600: "10 min", 3600: "1 h", 21600: "6 h", 86400: "1 d", 432000: "5 d", 1209600: "14 d"}


def draw_pay_delay(path: Path, body: Mapping[str, Any], *, title: str) -> None:
    """Write the curves of a version of `pay_delay` by kind of payment, else by source, as SVG or PNG.

    Raises:
        TouchpointError: the file is named neither .svg nor .png.
    """
    import altair as alt
    import vl_convert

    kind = path.suffix.lower()
    if kind not in (".svg", ".png"):
        raise TouchpointError(f"a picture in {kind or 'no format'}", place=path.name, remedy="name it .png or .svg")
    groups = _told(body)
    names = list(groups)
    points = [
        {"group": name, "age": int(age), "share": share}
        for name, group in groups.items()
        for age, share in group["curve"].items()
    ]
    due = [{"group": name, "age": group["after"]} for name, group in groups.items() if group["after"] is not None]
    x = alt.X("age:Q", title="after the order", scale=alt.Scale(type="log", nice=False, domainMin=30)).axis(
        values=list(TICKS), labelExpr=_labels(), grid=False
    )
    y = alt.Y("share:Q", title="of those who pay by themselves", scale=alt.Scale(domain=[0, 1])).axis(format="%")
    colour = alt.Color("group:N", title=None, scale=alt.Scale(domain=names, range=COLOURS[: len(names)]), sort=names)
    lines = alt.Chart(alt.Data(values=points)).mark_line(strokeWidth=2).encode(x, y, colour)
    rules = (
        alt.Chart(alt.Data(values=due)).mark_rule(strokeDash=[5, 4], strokeWidth=1.5).encode(x="age:Q", color=colour)
    )
    chart = (lines + rules).properties(
        width=560,
        height=260,
        title=alt.Title(title, subtitle="dashed: when a reminder is due", anchor="start", fontSize=14),
    )
    spec = {**chart.to_dict(), "background": "white"}
    if kind == ".png":
        path.write_bytes(vl_convert.vegalite_to_png(spec, scale=2))
    else:
        path.write_text(vl_convert.vegalite_to_svg(spec), encoding="utf-8")


def _told(body: Mapping[str, Any]) -> dict[str, Any]:
    groups = body["groups"]
    by_kind = {group["kind"]: group for group in groups if group["source"] is None and group["kind"] is not None}
    by_source = {group["source"]: group for group in groups if group["kind"] is None and group["source"] is not None}
    found = by_kind or by_source or {"all orders": groups[0]}
    return dict(sorted(found.items(), key=lambda item: -int(item[1]["orders"]))[: len(COLOURS)])


def _labels() -> str:
    return " : ".join(f"datum.value == {age} ? '{word}'" for age, word in TICKS.items()) + " : ''"
