"""Local times as instants, a column at a time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

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
