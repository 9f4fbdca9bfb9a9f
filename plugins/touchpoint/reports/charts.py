"""Pictures of figures, as inline SVG drawn in-process; the table beside a picture says the same in numbers.

Altair and vl-convert are heavy and imported when the first picture is drawn, never when a DAG is parsed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from typing import Any

from touchpoint.reports.run import DECISIONS, MESSAGE_STATES, Funnel
from touchpoint.reports.words import DECISION_WORDS, MESSAGE_WORDS, number

_MARK_LABELS = re.compile(r' (?:aria-label|aria-roledescription|role)="[^"]*"')
FONT = "system-ui, 'Noto Sans', 'Noto Sans CJK SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
WIDTH, ROW_HEIGHT, ROOM_FOR_NUMBERS = 460, 21, 1.2
INK = "currentColor"  # the page's own: light or dark
# Okabe and Ito's palette: told apart with any colour vision, and readable on white as on dark grey.
COLOURS = {"Candidates": "#8A8A8A", "Decisions": "#0072B2", "Messages": "#009E73"}
SLIVER = 0.003
"""The least a bar of 1 or more is drawn, as a share of the longest: something is never drawn as nothing."""


class Picture(str):
    """An SVG element of our own making; a template puts it in as it is."""

    def __html__(self) -> str:
        """What templates that escape ask for."""
        return str(self)


@dataclass(frozen=True)
class Bar:
    """One bar: its group, what it counts, how many."""

    group: str
    label: str
    count: int


def funnel_bars(funnel: Funnel) -> tuple[Bar, ...]:
    """The bars of a campaign: candidates, what was decided, where the messages stand."""
    return (
        Bar("Candidates", "all", funnel.candidates),
        *(Bar("Decisions", DECISION_WORDS[name].label, funnel.decisions[name]) for name in DECISIONS),
        *(Bar("Messages", MESSAGE_WORDS[name].label, funnel.messages[name]) for name in MESSAGE_STATES),
    )


def funnel_svg(funnel: Funnel) -> Picture:
    """The funnel of a campaign as horizontal bars: an inline SVG element without scripts, styles or outside references.

    A screen reader is told one sentence; the table beside it has the same numbers.
    """
    bars = funnel_bars(funnel)
    told = ", ".join(f"{bar.group.lower()} {bar.label} {number(bar.count)}" for bar in bars)
    return _labelled(_draw(bars), f"Funnel of {funnel.campaign_id}: {told}")


@lru_cache(maxsize=256)
def _draw(bars: tuple[Bar, ...]) -> str:
    import vl_convert

    return str(vl_convert.vegalite_to_svg(json.dumps(_spec(bars))))


def _spec(bars: tuple[Bar, ...]) -> dict[str, Any]:
    import altair as alt

    longest = max(1, *(bar.count for bar in bars))
    groups = dict.fromkeys(bar.group for bar in bars)
    drawn = [_group(group, [bar for bar in bars if bar.group == group], longest) for group in groups]
    chart = alt.vconcat(*drawn, spacing=28, bounds="flush")
    # None is what leaves the page's background alone; Altair's own types know no such value.
    return {**chart.to_dict(), "config": {"background": None, "view": {"stroke": None}, "font": FONT}}


def _group(group: str, bars: list[Bar], longest: int) -> Any:
    """Bars below a heading, on the scale of the longest bar of all groups."""
    import altair as alt

    rows = [
        {
            # Sorted as text; the number in front is cut off where the label is shown.
            "key": f"{place:02d} {bar.label}",
            "drawn": max(bar.count, longest * SLIVER) if bar.count else 0,
            "text": number(bar.count),
        }
        for place, bar in enumerate(bars)
    ]
    axis = alt.Axis(
        labelExpr="slice(datum.label, 3)",
        ticks=False,
        domain=False,
        labelColor=INK,
        labelFontSize=12,
        labelPadding=6,
        minExtent=80,
    )
    heading = alt.Title(group, anchor="start", frame="group", color=INK, fontSize=12, offset=2)
    shown = alt.Chart(alt.Data(values=rows), title=heading).encode(
        y=alt.Y("key:N", title=None, axis=axis),
        x=alt.X("drawn:Q", scale=alt.Scale(domain=[0, longest * ROOM_FOR_NUMBERS], nice=False), axis=None),
    )
    painted = shown.mark_bar(height=13, color=COLOURS[group])
    written = shown.mark_text(align="left", dx=5, fontSize=12, fill=INK).encode(text="text:N")
    return (painted + written).properties(width=WIDTH, height=alt.Step(ROW_HEIGHT))


def _labelled(svg: str, description: str) -> Picture:
    """The SVG as one labelled picture that shrinks with the page; what Vega says of each mark is taken out."""
    svg = _MARK_LABELS.sub("", svg)
    label = f'role="img" aria-label="{escape(description)}"'
    return Picture(svg.replace("<svg ", f"<svg {label} ", 1))
