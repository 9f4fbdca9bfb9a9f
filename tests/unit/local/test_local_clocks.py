"""Which instant a first cycle looks from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from touchpoint.clock import real_now
from touchpoint.errors import TimeError
from touchpoint.local.clocks import check_now, latest_first_cycle, parse_now

SHANGHAI = ZoneInfo("Asia/Shanghai")
NEW_YORK = ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("zone", "now", "expected"),
    [
        # 10:30 in Shanghai is 02:30 UTC: at that very minute it is today's
        (SHANGHAI, "2026-11-22T02:30:00+00:00", "2026-11-22T10:30:00+08:00"),
        # a second before, it is yesterday's
        (SHANGHAI, "2026-11-22T02:29:59+00:00", "2026-11-21T10:30:00+08:00"),
        # late in the evening UTC it is tomorrow in Shanghai, before its 10:30
        (SHANGHAI, "2026-11-22T23:00:00+00:00", "2026-11-22T10:30:00+08:00"),
        # over a change of summer time the wall clock counts, not 24 hours
        (NEW_YORK, "2026-03-08T14:00:00+00:00", "2026-03-07T10:30:00-05:00"),
        (NEW_YORK, "2026-11-01T16:00:00+00:00", "2026-11-01T10:30:00-05:00"),
    ],
)
def test_the_first_cycle_is_at_the_latest_half_past_ten_of_the_shop(zone, now, expected):
    assert latest_first_cycle(zone, datetime.fromisoformat(now)) == datetime.fromisoformat(expected)


@pytest.mark.parametrize("now", ["2026-11-30T16:00:00+00:00", "2026-12-01T02:29:59+00:00"])
def test_on_the_first_of_a_month_it_looks_from_that_month_whose_question_can_be_answered(now):
    instant = latest_first_cycle(SHANGHAI, datetime.fromisoformat(now))
    assert instant == datetime.fromisoformat(now)
    assert instant.astimezone(SHANGHAI).month == 12


def test_now_without_an_offset_is_shop_time():
    assert parse_now("2026-11-22 10:30", SHANGHAI) == datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
    assert parse_now("2026-11-22T10:30:00Z", SHANGHAI) == datetime(2026, 11, 22, 10, 30, tzinfo=UTC)


def test_now_that_is_no_instant_is_refused_with_an_example():
    with pytest.raises(TimeError) as refused:
        parse_now("yesterday", SHANGHAI)
    assert str(refused.value) == "NOW: 'yesterday' is no instant. write 2026-11-22T10:30:00+08:00"


def test_now_before_the_head_is_refused_naming_make_reset():
    head = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)
    with pytest.raises(TimeError, match=r"before 2026-11-22T02:30:00\+00:00, the shop's head.*make reset"):
        check_now(head - timedelta(seconds=1), head)
    check_now(head, head)


def test_now_after_the_real_time_is_refused_naming_make_reset():
    with pytest.raises(TimeError, match=r"later than the real time.*make reset"):
        check_now(real_now() + timedelta(minutes=1), None)
    check_now(real_now() - timedelta(minutes=1), None)
