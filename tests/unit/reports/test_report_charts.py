"""The funnel's picture: true to its numbers, readable, and nothing but a picture."""

from __future__ import annotations

import re
import subprocess
import sys
from xml.etree import ElementTree

import pytest

from touchpoint.reports.charts import SLIVER, Picture, funnel_svg
from touchpoint.reports.run import DECISIONS, MESSAGE_STATES, Funnel
from touchpoint.statements import ROOT


def funnel(candidates: int = 0, *, campaign_id: str = "unpaid_reminder", **counts: int) -> Funnel:
    return Funnel(
        campaign_id=campaign_id,
        candidates=candidates,
        decisions={name: counts.get(name, 0) for name in DECISIONS},
        reasons={},
        messages={name: counts.get(f"messages_{name}", 0) for name in MESSAGE_STATES},
        message_reasons={},
    )


def texts(svg: str) -> list[str]:
    return [element.text or "" for element in ElementTree.fromstring(svg).iter() if element.tag.endswith("text")]  # noqa: S314


def widths(svg: str) -> list[float]:
    """Of the bars, top to bottom: the filled paths."""
    paths = re.findall(r'<path d="M0,[\d.]+h([\d.]+)v[\d.]+h-?[\d.]+Z" fill="#', svg)
    return [float(width) for width in paths]


def test_every_number_is_written_at_its_bar() -> None:
    svg = funnel_svg(
        funnel(1_234_567, enqueued=1_000_000, repeated=234_567, messages_accepted=999_999, messages_unknown=1)
    )
    written = texts(svg)
    assert [text for text in written if text[0].isdigit()] == [
        "1,234,567", "1,000,000", "234,567", "0", "0", "0", "0", "0", "0", "999,999", "0", "0", "0", "1",
    ]  # fmt: skip
    assert [text for text in written if text[0].isupper()] == ["Candidates", "Decisions", "Messages"]


def test_bars_are_as_long_as_their_numbers_and_something_is_never_drawn_as_nothing() -> None:
    drawn = widths(funnel_svg(funnel(1000, enqueued=500, repeated=499, expired=1)))
    assert len(drawn) == 14
    longest = drawn[0]
    assert drawn[1] == pytest.approx(longest / 2)
    assert drawn[7] == pytest.approx(longest * SLIVER)
    assert drawn[3] == 0


def test_a_funnel_of_nothing_is_drawn() -> None:
    svg = funnel_svg(funnel())
    assert widths(svg) == [0.0] * 14
    assert texts(svg).count("0") == 14


def test_more_messages_than_candidates_stay_inside_the_picture() -> None:
    # A cleared run has repeated candidates alone, and the messages of its first try.
    svg = funnel_svg(funnel(1, repeated=1, messages_accepted=100))
    assert max(widths(svg)) == widths(svg)[9]


def test_it_is_one_labelled_picture_without_scripts_styles_or_outside_references() -> None:
    svg = funnel_svg(funnel(3, enqueued=3))
    root = ElementTree.fromstring(svg)  # noqa: S314
    assert (root.get("role"), svg.count("aria-label=")) == ("img", 1)
    assert (root.get("aria-label") or "").startswith(
        "Funnel of unpaid_reminder: candidates all 3, decisions enqueued 3"
    )
    assert not re.search(r"<script|<style|style=|href=|url\(", svg)


def test_a_hostile_campaign_id_stays_text() -> None:
    svg = funnel_svg(funnel(campaign_id='"><script>alert(1)</script>'))
    assert "<script" not in svg
    assert ElementTree.fromstring(svg).get("aria-label", "").startswith('Funnel of "><script>')  # noqa: S314


def test_templates_put_it_in_as_it_is() -> None:
    assert Picture("<svg/>").__html__() == "<svg/>"


def test_importing_reports_does_not_import_what_draws() -> None:
    code = (
        "import sys; import touchpoint.reports.charts, touchpoint.reports.summary, touchpoint.reports.samples;"
        "heavy = {'altair', 'vl_convert', 'pandas', 'fastapi'} & set(sys.modules);"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT / "plugins", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
