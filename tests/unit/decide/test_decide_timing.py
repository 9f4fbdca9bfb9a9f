"""The first legal minute, by the wall clock of the zone, on days when the clock changes too."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from touchpoint.decide.timing import Hours, first_legal
from touchpoint.settings import QuietHours


def quiet(start: str, until: str) -> QuietHours:
    return QuietHours.model_validate({"from": start, "until": until})


NIGHT = Hours(quiet("22:00", "08:00"))
BERLIN, SHANGHAI, NEW_YORK = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")


@pytest.mark.parametrize(
    ("zone", "start", "hours", "expected"),
    [
        # by day: at once
        (SHANGHAI, "2026-03-10T14:00+08:00", NIGHT, "2026-03-10T14:00+08:00"),
        # quiet begins inclusive, ends exclusive
        (SHANGHAI, "2026-03-10T21:59:59+08:00", NIGHT, "2026-03-10T21:59:59+08:00"),
        (SHANGHAI, "2026-03-10T22:00+08:00", NIGHT, "2026-03-11T08:00+08:00"),
        (SHANGHAI, "2026-03-11T07:59:59+08:00", NIGHT, "2026-03-11T08:00+08:00"),
        (SHANGHAI, "2026-03-11T08:00+08:00", NIGHT, "2026-03-11T08:00+08:00"),
        # quiet hours within one day
        (SHANGHAI, "2026-03-10T13:00+08:00", Hours(quiet("12:00", "14:00")), "2026-03-10T14:00+08:00"),
        # the step's own hours
        (SHANGHAI, "2026-03-10T08:30+08:00", Hours(NIGHT.quiet, opens=time(10)), "2026-03-10T10:00+08:00"),
        (SHANGHAI, "2026-03-10T18:00+08:00", Hours(NIGHT.quiet, closes=time(18)), "2026-03-11T08:00+08:00"),
        # the night the clock goes forward is an hour shorter, the one it goes back an hour longer
        (BERLIN, "2026-03-28T23:00+01:00", NIGHT, "2026-03-29T08:00+02:00"),
        (BERLIN, "2026-10-24T23:00+02:00", NIGHT, "2026-10-25T08:00+01:00"),
        # 02:30 does not exist on this morning: legal from the moment the clock jumps past it
        (BERLIN, "2026-03-29T01:30+01:00", Hours(quiet("22:00", "02:30")), "2026-03-29T03:00+02:00"),
        # 01:30 comes twice: legal at the first, quiet again as the clock goes back, legal at the second
        (NEW_YORK, "2026-11-01T01:15-04:00", Hours(quiet("22:00", "01:30")), "2026-11-01T01:30-04:00"),
        (NEW_YORK, "2026-11-01T01:15-05:00", Hours(quiet("22:00", "01:30")), "2026-11-01T01:30-05:00"),
        # no quiet hours at all
        (SHANGHAI, "2026-03-10T03:00+08:00", Hours(), "2026-03-10T03:00+08:00"),
    ],
)
def test_first_legal_minute(zone: ZoneInfo, start: str, hours: Hours, expected: str) -> None:
    assert first_legal(datetime.fromisoformat(start), hours, zone) == datetime.fromisoformat(expected)


def test_hours_that_are_never_legal_say_so() -> None:
    only_at_night = Hours(quiet("20:00", "08:00"), opens=time(21), closes=time(23))
    assert first_legal(datetime(2026, 3, 10, tzinfo=UTC), only_at_night, SHANGHAI) is None


times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
zones = st.sampled_from([BERLIN, NEW_YORK, SHANGHAI, ZoneInfo("Australia/Lord_Howe"), ZoneInfo("Africa/Cairo")])
# around the changes of these zones, and on plain days
days = st.sampled_from(
    [
        datetime(2026, *day, tzinfo=UTC)
        for day in ((3, 28), (10, 24), (3, 7), (10, 31), (4, 4), (10, 3), (4, 23), (6, 1))
    ]
)


@settings(max_examples=80, deadline=None)
@given(zone=zones, day=days, minute=st.integers(0, 2880), start=times, until=times, opens=st.none() | times)
def test_nothing_earlier_was_legal(
    zone: ZoneInfo, day: datetime, minute: int, start: time, until: time, opens: time | None
) -> None:
    assume(start != until)  # refused at load
    hours = Hours(QuietHours.model_validate({"from": f"{start:%H:%M}", "until": f"{until:%H:%M}"}), opens=opens)
    begin = day + timedelta(minutes=minute)
    found = first_legal(begin, hours, zone)
    scanned = (begin + timedelta(minutes=ahead) for ahead in range(3 * 1440))
    assert found == next((at for at in scanned if hours.allow(at.astimezone(zone).time())), None)
