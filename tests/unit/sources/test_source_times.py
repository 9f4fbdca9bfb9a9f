"""Local times as instants, a column at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from touchpoint.sources.files.time_formats import trouble
from touchpoint.sources.files.times import days, instants

SECONDS = "%Y-%m-%d %H:%M:%S"
SHANGHAI, SAO_PAULO, LONDON = (ZoneInfo(key) for key in ("Asia/Shanghai", "America/Sao_Paulo", "Europe/London"))


def read(values, zone=SHANGHAI, formats=(SECONDS,), plus=None):
    return instants(pyarrow.array(values, pyarrow.string()), list(formats), zone, plus).to_pylist()


def test_a_local_time_gets_its_offset():
    assert read(["2020-02-21 00:00:00", None]) == ["2020-02-21T00:00:00+08:00", None]


def test_what_cannot_be_read_stays_as_it_came():
    odd = ["2020-02-30 10:00:00", "soon", "2020-02-21 00:00:00x", "2020-02-21", "2020-02-21 24:00:00"]
    assert read([*odd, "2020-02-21 01:02:03"]) == [*odd, "2020-02-21T01:02:03+08:00"]


def test_days_become_midnight_where_the_mapping_takes_days():
    assert read(["2020-02-21", "2020-02-21 01:00:00"], formats=[SECONDS, "%Y-%m-%d"]) == [
        "2020-02-21T00:00:00+08:00",
        "2020-02-21T01:00:00+08:00",
    ]
    assert read(["2020-02-21"], formats=["%Y-%m-%d"]) == ["2020-02-21T00:00:00+08:00"]


def test_other_ways_of_writing_are_read():
    assert read(["21/2/2020 9:05", "30/2/2020 9:05"], formats=["%d/%m/%Y %H:%M"]) == [
        "2020-02-21T09:05:00+08:00",
        "30/2/2020 9:05",
    ]


def test_times_that_carry_their_offset_pass_as_they_are():
    given = ["2020-02-21T00:00:00+00:00", "2020-02-21T00:00:00Z", "2020-02-21 01:00:00"]
    assert read(given, formats=["iso"]) == given
    assert read(given, formats=["iso", SECONDS]) == [*given[:2], "2020-02-21T01:00:00+08:00"]


def test_a_time_shown_twice_is_the_earlier_one():
    assert read(["2018-10-28 01:30:00"], LONDON) == ["2018-10-28T01:30:00+01:00"]


def test_a_time_that_is_skipped_is_the_first_instant_after_the_gap():
    (found,) = read(["2018-11-04 00:30:00"], SAO_PAULO)
    assert datetime.fromisoformat(found) == datetime(2018, 11, 4, 1, tzinfo=SAO_PAULO)


@pytest.mark.parametrize("formats", [[SECONDS], ["%d/%m/%Y %H:%M:%S", SECONDS]], ids=["text kept", "text made anew"])
def test_seconds_of_a_time_that_is_skipped_get_into_no_offset(formats):
    """The gate takes offsets of whole minutes alone, and refused whoever bought in that hour."""
    given = ["2026-03-29 01:59:59", "2026-03-29 01:30:00", "2026-03-29 00:59:59", None]
    found = read(given, LONDON, formats=formats)
    assert found == ["2026-03-29T02:00:00+01:00", "2026-03-29T01:30:00+00:30", "2026-03-29T00:59:59+00:00", None]
    assert datetime.fromisoformat(found[1]) == datetime.fromisoformat(found[0])


def test_what_a_duration_leads_to_may_be_the_later_of_two_times_the_clocks_show():
    [found] = read(["2025-10-25 02:15:00"], LONDON, plus=timedelta(hours=24))
    assert found == "2025-10-26T01:15:00+00:00"


def test_a_duration_is_added_in_real_time():
    assert read(["2020-02-21 00:00:00"], plus=timedelta(hours=24)) == ["2020-02-22T00:00:00+08:00"]
    assert read(["2018-10-27 12:00:00", None, "soon"], LONDON, plus=timedelta(hours=24)) == [
        "2018-10-28T11:00:00+00:00",  # the night of the clock change is an hour longer
        None,
        "soon",
    ]
    assert read(["2020-02-21T00:00:00+08:00"], formats=["iso"], plus=timedelta(hours=1)) == [
        "2020-02-21T01:00:00+08:00"
    ]


@given(
    moments=st.lists(
        st.datetimes(min_value=datetime(1970, 1, 2), max_value=datetime(2037, 1, 1)).map(  # noqa: DTZ001 - local on purpose
            lambda at: at.replace(microsecond=0)
        ),
        min_size=1,
        max_size=20,
    ),
    zone=st.sampled_from([SHANGHAI, SAO_PAULO, LONDON, ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")]),
)
@settings(deadline=None, max_examples=100)
def test_every_time_is_the_instant_the_zone_says(moments, zone):
    found = read([at.strftime(SECONDS) for at in moments], zone)
    for local, text in zip(moments, found, strict=True):
        there = local.replace(tzinfo=zone)
        exists = there.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == local
        if exists:
            assert datetime.fromisoformat(text) == there.astimezone(UTC)
            assert datetime.fromisoformat(text).replace(tzinfo=None) == local


@pytest.mark.parametrize("values", [[], [None, None]])
def test_nothing_is_nothing(values):
    assert read(values) == values


def test_dates_stay_days():
    column = pyarrow.array(["12/04/1991", "1991-04-12", None, "31/02/1991"])
    assert days(column, ["%d/%m/%Y"]).to_pylist() == ["1991-04-12", "1991-04-12", None, "31/02/1991"]


@pytest.mark.parametrize(
    ("text", "written", "expected"),
    [
        ("02-Jun-06", "%d-%b-%y", "2006-06-02T00:00:00+08:00"),
        (" 2-june-2006 ", "%d-%B-%Y", "2006-06-02T00:00:00+08:00"),
        ("June 2, 2006 3:05 PM", "%B %d, %Y %I:%M %p", "2006-06-02T15:05:00+08:00"),
        ("Fri Jun  2 15:05:07 2006", "%c", "2006-06-02T15:05:07+08:00"),
        ("2006-06-02 15:05:07.250", "%Y-%m-%d %H:%M:%S.%f", "2006-06-02T15:05:07.25+08:00"),
        ("2006153", "%Y%j", "2006-06-02T00:00:00+08:00"),
        ("2006-W22-5", "%G-W%V-%u", "2006-06-02T00:00:00+08:00"),
        ("2006年6月2日 15:05", "%Y年%m月%d日 %H:%M", "2006-06-02T15:05:00+08:00"),
        # One that carries its offset keeps it, whatever the zone.
        ("Fri, 02 Jun 2006 15:05:07 -0300", "%a, %d %b %Y %H:%M:%S %z", "2006-06-02T15:05:07-03:00"),
        ("2006-06-02 15:05:07Z", "%Y-%m-%d %H:%M:%S%z", "2006-06-02T15:05:07+00:00"),
        ("31-Jun-06", "%d-%b-%y", "31-Jun-06"),
        ("30-Feb-06", "%d-%b-%y", "30-Feb-06"),
        ("2006367", "%Y%j", "2006367"),
    ],
)
def test_whatever_strptime_reads_is_read(text, written, expected):
    assert trouble(written) is None
    assert read([text, None], formats=[written]) == [expected, None]


def test_a_time_that_carries_its_offset_moves_on_in_real_time():
    found = read(["2018-11-03 12:00:00-0300"], SAO_PAULO, ["%Y-%m-%d %H:%M:%S%z"], timedelta(hours=24))
    assert found == ["2018-11-04T12:00:00-03:00"]


def test_formats_are_tried_in_their_order_and_mix():
    formats = ["%d-%b-%y", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M %z", "iso", SECONDS]
    given = ["02-Jun-06", "2006-06-02 15:05:07.5", "2006-06-02 15:05 +0000", "2006-06-02T15:05:07+01:00"]
    assert read([*given, "2006-06-02 15:05:07", "soon"], formats=formats) == [
        "2006-06-02T00:00:00+08:00",
        "2006-06-02T15:05:07.5+08:00",
        "2006-06-02T15:05:00+00:00",
        "2006-06-02T15:05:07+01:00",
        "2006-06-02T15:05:07+08:00",
        "soon",
    ]


@given(st.integers(0, 3_000_000_000), st.sampled_from(["%d-%b-%y %H:%M:%S", "%c", "%Y%j"]))
@settings(max_examples=100)
def test_a_time_is_read_as_python_reads_it(seconds, written):
    text = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)).strftime(written)
    (found,) = read([text], formats=[written])
    assert datetime.fromisoformat(found) == datetime.strptime(text, written).replace(tzinfo=SHANGHAI)


def test_a_birthday_may_have_a_month_name():
    assert days(pyarrow.array(["2-Jun-1986", "2-Jux-1986", None]), ["%d-%b-%Y"]).to_pylist() == [
        "1986-06-02",
        "2-Jux-1986",
        None,
    ]
