"""Pages of a list that changes while it is read."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoint.model import Window
from touchpoint.sources.taobao import paging
from touchpoint.sources.taobao.client import GMT8, top_time
from touchpoint.sources.taobao.paging import CHANGED, MADE, REFUNDS, is_within, rows_within, slices

START = datetime(2026, 11, 20, 10, 0, tzinfo=GMT8)
HOUR = Window(START, START + timedelta(hours=1))


class Platform:
    """Lists trades by `modified`, newest first, both ends included; some change again between two calls.

    Args:
        times: tid -> seconds after START.
        touched: for each call, the tids that change again (and leave the window) just before it.
    """

    def __init__(self, times, touched=()):
        self.times = dict(times)
        self.touched = list(touched)
        self.asked = []

    def call(self, method, **business):
        self.asked.append((method, business))
        if len(self.asked) > 1 and self.touched:
            for tid in self.touched.pop(0):
                self.times[tid] = 7200
        start, end = business["start_modified"], business["end_modified"]
        rows = [{"tid": tid, "modified": top_time(START + timedelta(seconds=s))} for tid, s in self.times.items()]
        rows = sorted((r for r in rows if start <= r["modified"] <= end), key=lambda r: (r["modified"], r["tid"]))[::-1]
        size, page = business["page_size"], business["page_no"]
        shown = rows[(page - 1) * size : page * size]
        if business["use_has_next"] == "true":
            return {"trades": {"trade": shown}, "has_next": len(rows) > page * size}
        return {"trades": {"trade": shown}, "total_results": len(rows)}


def tids(platform, window=HOUR):
    return {row["tid"] for rows in rows_within(platform, CHANGED, window, fields="tid") for row in rows}


@pytest.fixture(autouse=True)
def small_pages(monkeypatch):
    monkeypatch.setattr(paging, "PAGE_SIZE", 3)
    monkeypatch.setattr(paging, "MOST_ROWS", 40)


def test_pages_are_read_from_the_last_to_the_first():
    platform = Platform({tid: tid for tid in range(8)})
    assert tids(platform) == set(range(8))
    assert [asked["page_no"] for _, asked in platform.asked] == [1, 3, 2, 1]
    assert [asked["use_has_next"] for _, asked in platform.asked] == ["false", "true", "true", "true"]


def test_an_empty_window_costs_one_call():
    platform = Platform({})
    assert tids(platform) == set()
    assert len(platform.asked) == 1


@given(
    count=st.integers(0, 30),
    touched=st.lists(st.sets(st.integers(0, 29), max_size=4), max_size=12),
)
@settings(max_examples=100, deadline=None)
def test_no_trade_that_stays_in_the_window_is_missed_whatever_changes_between_two_pages(count, touched):
    times = {tid: tid * 60 for tid in range(count)}
    platform = Platform(times, touched)
    found = tids(platform)
    left = {tid for tid, seconds in platform.times.items() if seconds == 7200}
    assert set(times) - left <= found


def test_reading_forwards_would_miss_one():
    platform = Platform({tid: tid for tid in range(8)}, [[], [7], [], []])
    platform.call("x", **bounds(), page_no=1, page_size=1, use_has_next="false")
    forwards = set()
    for page in (1, 2, 3):
        answer = platform.call("x", **bounds(), page_no=page, page_size=3, use_has_next="true")
        forwards |= {row["tid"] for row in answer["trades"]["trade"]}
    assert 4 not in forwards  # the guard above can fail


def bounds():
    return {"start_modified": top_time(HOUR.start), "end_modified": top_time(HOUR.end)}


def test_trades_that_come_in_behind_the_last_page_are_read():
    platform = Platform({tid: tid for tid in range(3)})
    first = platform.call

    def call(method, **business):
        answer = first(method, **business)
        if len(platform.asked) == 1:
            platform.times |= {tid: tid for tid in range(10, 18)}
        return answer

    platform.call = call
    assert tids(platform) == {0, 1, 2, *range(10, 18)}


def test_the_end_of_a_window_belongs_to_the_next():
    platform = Platform({1: 0, 2: 1800, 3: 3599, 4: 3600})
    middle = START + timedelta(minutes=30)
    assert tids(platform, Window(START, middle)) == {1}
    assert tids(platform, Window(middle, HOUR.end)) == {2, 3}


def test_fractions_of_a_second_lose_nothing():
    platform = Platform({second: second for second in range(20)})
    cut = START + timedelta(seconds=9, microseconds=400_000)
    assert tids(platform, Window(START, cut)) == set(range(10))
    assert tids(platform, Window(cut, HOUR.end)) == set(range(10, 20))


def test_a_long_list_is_asked_for_in_halves():
    platform = Platform({tid: tid * 20 for tid in range(150)})
    assert tids(platform) == set(range(150))
    assert max(asked["page_no"] for _, asked in platform.asked) <= 40 / 3 + 1


def test_a_list_that_always_promises_more_ends():
    class Endless(Platform):
        def call(self, method, **business):
            return {**super().call(method, **business), "has_next": True}

    assert tids(Endless({1: 1, 2: 2})) == {1, 2}


def test_each_listing_names_its_own_bounds():
    assert (CHANGED.start, MADE.start, REFUNDS.rows) == ("start_modified", "start_created", "refunds")


def test_a_time_nobody_can_read_is_left_to_the_gate():
    assert is_within("yesterday", HOUR)
    assert is_within(None, HOUR)
    assert not is_within("2026-11-20 11:00:00", HOUR)


@given(minutes=st.integers(0, 5000), span=st.integers(1, 700))
def test_slices_cover_a_window_without_gap_or_overlap(minutes, span):
    window = Window(START, START + timedelta(minutes=minutes))
    pieces = list(slices(window, timedelta(minutes=span)))
    assert all(piece.end - piece.start <= timedelta(minutes=span) for piece in pieces)
    edges = [piece.start for piece in pieces] + [window.end]
    assert [piece.end for piece in pieces] == edges[1:] if pieces else minutes == 0
    assert not pieces or edges[0] == window.start
