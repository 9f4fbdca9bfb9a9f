"""Parcels, their scans, and which are asked for when."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchpoint.model import Entity, Window
from touchpoint.sources.columns import COLUMNS
from touchpoint.sources.taobao.answers import CallRefusedError
from touchpoint.sources.taobao.parcels import ends_of_replaced, parcel_rows, state_of
from touchpoint.sources.taobao.source import TRACE_EVERY, days_to_trace

TRADE = {
    "tid": 9,
    "consign_time": "2026-11-18 09:00:00",
    "modified": "2026-11-20 10:00:00",
    "receiver_state": "浙江省",
    "orders": [
        {"oid": 1, "invoice_no": "YT1", "logistics_company": "圆通速递", "consign_time": "2026-11-18 09:00:00"},
        {"oid": 2, "invoice_no": "SF2", "logistics_company": "顺丰速运", "consign_time": "2026-11-19 09:00:00"},
    ],
}


class Tracing:
    def __init__(self, *parcels):
        self.parcels = list(parcels)

    def call(self, method, **business):
        if not self.parcels:
            raise CallRefusedError("no trace", place=method)
        return {"result": {"transit_step_result": self.parcels}}


def parcel(number, *steps):
    trace = [{"status_time": time, "status_desc": words, "action": action} for time, action, words in steps]
    return {"out_sid": number, "company_name": "圆通速递", "status": "对方已签收", "trace_list": trace}


LATER = datetime(2099, 1, 1, tzinfo=UTC)


def test_each_parcel_of_a_split_trade_is_one_shipment_with_its_own_scans():
    shipments, events = parcel_rows(
        Tracing(
            parcel("YT1", ("2026-11-18 09:00:00", "CONSIGN", "等待揽收"), ("2026-11-18 15:00:00", "GOT", "已揽收")),
            parcel("SF2", ("2026-11-19 09:00:00", "CONSIGN", "等待揽收")),
        ),
        TRADE,
        LATER,
    )
    assert [row["shipment_id"] for row in shipments] == ["9-YT1", "9-SF2"]
    assert [row["shipped_at"][:10] for row in shipments] == ["2026-11-18", "2026-11-19"]
    assert Counter(row["shipment_id"] for row in events) == {"9-YT1": 2, "9-SF2": 1}
    assert set(shipments[0]) <= set(COLUMNS[Entity.SHIPMENT])
    assert set(events[0]) <= set(COLUMNS[Entity.TRACKING_EVENT])


def test_the_status_of_a_trace_alone_delivers_nothing():
    _, events = parcel_rows(Tracing(parcel("YT1")), TRADE, LATER)
    assert events == []


def test_a_parcel_without_trace_is_known_by_its_lines():
    shipments, events = parcel_rows(Tracing(), TRADE, LATER)
    assert [(row["shipment_id"], row["carrier"]) for row in shipments] == [("9-YT1", "圆通速递"), ("9-SF2", "顺丰速运")]
    assert events == []


def test_a_trade_shipped_without_any_parcel_gives_none():
    assert parcel_rows(Tracing(), {**TRADE, "orders": [{"oid": 1}]}, LATER) == ([], [])


@pytest.mark.parametrize(
    ("action", "words", "state"),
    [
        ("CREATE", "", "label_created"),
        ("CONSIGN", "", "label_created"),
        ("GOT", "", "picked_up"),
        ("ARRIVAL", "", "in_transit"),
        ("DEPARTURE", "", "in_transit"),
        ("TO_EMS", "", "in_transit"),
        ("SENT_CITY", "", "arrived_city"),
        ("SENT_SCAN", "", "out_for_delivery"),
        ("INBOUND", "", "ready_for_pickup"),
        ("SIGNED", "", "delivered"),
        ("LOST", "", "lost"),
        ("FAILED", "收件人拒收", "refused"),
        ("FAILED", "电话无人接听", "attempt_failed"),
        ("FAILED", "收件人拒收，快件退回", "returning"),
        ("OTHER", "快件退回中，退回原因：拒收", "returning"),
        ("SIGNED", "退回件已签收", "returned"),
        ("ARRIVAL", "退回件到达 杭州转运中心", "in_transit"),
        ("OTHER", "", "other"),
        ("BRAND_NEW", "", "other"),
        (None, "", "other"),
    ],
)
def test_a_scan_in_our_words(action, words, state):
    assert state_of(action, words) == state


@given(
    cuts=st.lists(st.integers(1, 24 * 60), min_size=1, max_size=12, unique=True),
    start=st.integers(0, 10**6),
)
def test_adjacent_windows_ask_for_what_the_whole_asks_for(cuts, start):
    first = datetime(2026, 11, 20, tzinfo=UTC) + timedelta(seconds=start)
    edges = [first, *(first + timedelta(minutes=cut) for cut in sorted(cuts))]
    pieces = Counter(day.start for a, b in pairwise(edges) for day in days_to_trace(Window(a, b)))
    whole = {day.start for day in days_to_trace(Window(edges[0], edges[-1]))}
    today = edges[-1].replace(hour=0, minute=0, second=0)
    assert whole - {today} <= set(pieces)  # before its first window today was not there to be asked for


def test_every_day_has_its_turn_once_in_two_hours_and_no_run_asks_for_many():
    start = datetime(2026, 11, 20, tzinfo=UTC)
    runs = [
        days_to_trace(Window(start + timedelta(minutes=5 * n), start + timedelta(minutes=5 * n + 5)))
        for n in range(int(TRACE_EVERY / timedelta(minutes=5)))
    ]
    asked = Counter(day.start for days in runs for day in days)
    assert set(asked.values()) == {1}
    assert len(asked) >= 45
    assert max(len(days) for days in runs) <= 3


def test_scans_later_than_the_look_are_left_for_the_next_one():
    trace = parcel("YT1", ("2026-11-18 09:00:00", "CONSIGN", "等待揽收"), ("2026-11-18 15:00:00", "GOT", "已揽收"))
    noon = datetime(2026, 11, 18, 4, tzinfo=UTC)  # 12:00 at the platform
    _, events = parcel_rows(Tracing(trace), TRADE, noon)
    assert [event["state"] for event in events] == ["label_created"]


LATER = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    ("known", "ended"),
    [
        ({"9-YT1", "9-SF2"}, []),
        ({"9-YT1", "9-YT0"}, ["9-YT0"]),
        ({"9"}, ["9"]),  # it had no number at first
        (set(), []),
    ],
)
def test_a_parcel_the_trade_goes_in_no_more_ends_with_the_change(known, ended):
    shipments, _ = parcel_rows(Tracing(parcel("YT1")), TRADE, LATER)  # the trace is behind: a line names the other
    ends = ends_of_replaced(TRADE, shipments, known, LATER)
    assert [end["shipment_id"] for end in ends] == ended
    assert {end["state"] for end in ends} <= {"cancelled"}
    assert {end["happened_at"] for end in ends} <= {"2026-11-20T10:00:00+08:00"}


def test_where_no_number_is_named_or_the_change_is_later_than_the_look_nothing_ends():
    shipments, _ = parcel_rows(Tracing(), {**TRADE, "orders": []}, LATER)
    assert ends_of_replaced({**TRADE, "orders": []}, shipments, {"9-YT1"}, LATER) == []
    shipments, _ = parcel_rows(Tracing(parcel("YT1")), TRADE, LATER)
    assert ends_of_replaced(TRADE, shipments, {"9-YT0"}, datetime(2026, 11, 20, tzinfo=UTC)) == []
