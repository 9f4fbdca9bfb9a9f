"""Numbers, shares, instants and lengths as people read them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from touchpoint.model import Decision, Entity, MessageState
from touchpoint.reports import words
from touchpoint.reports.run import DECISIONS, MESSAGE_STATES, ROW_FATES

AT = datetime(2026, 11, 22, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize(("count", "written"), [(0, "0"), (999, "999"), (1_234_567, "1,234,567")])
def test_a_number_has_thousands_separators(count: int, written: str) -> None:
    assert words.number(count) == written


def test_something_is_never_written_as_no_share_at_all() -> None:
    assert (words.share(4, 2_222_225), words.share(0, 2_222_225), words.share(1, 1000)) == ("< 0.1 %", "0.0 %", "0.1 %")


def test_a_share_of_nothing_is_not_written() -> None:
    assert (words.share(1, 3), words.share(0, 5), words.share(0, 0)) == ("33.3 %", "0.0 %", "")


@pytest.mark.parametrize(
    ("zone", "written"),
    [
        ("Asia/Shanghai", "2026-11-22 10:30 GMT+8"),
        ("America/St_Johns", "2026-11-21 23:00 GMT-3:30"),  # half hours
        ("America/New_York", "2026-11-21 21:30 GMT-5"),  # the day before
        ("UTC", "2026-11-22 02:30 UTC"),
    ],
)
def test_an_instant_names_its_zone(zone: str, written: str) -> None:
    assert words.instant(AT, ZoneInfo(zone)) == written


def test_what_never_happened_says_so() -> None:
    assert words.instant(None, ZoneInfo("UTC")) == "never"


@pytest.mark.parametrize(
    ("length", "written"),
    [
        (timedelta(seconds=40), "40 s"),
        (timedelta(minutes=5), "5 min"),
        (timedelta(hours=2, minutes=5), "2 h 5 min"),
        (timedelta(hours=3), "3 h"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
        (timedelta(seconds=-5), "0 s"),  # a clock that stands a little behind
    ],
)
def test_a_length_of_time_has_its_two_largest_units(length: timedelta, written: str) -> None:
    assert words.span(length) == written


def test_reasons_of_a_decision_come_without_it() -> None:
    given = {"suppressed: no_address": 5, "expired: quiet_hours": 1, "rejected: gave_up: busy": 2}
    assert words.reasons_of(given, "suppressed") == [("no_address", 5)]
    assert words.reasons_of(given, "rejected") == [("gave_up: busy", 2)]


def test_every_word_of_the_ledger_is_explained() -> None:
    assert set(words.DECISION_WORDS) == set(DECISIONS) == {str(decision) for decision in Decision}
    assert set(words.MESSAGE_WORDS) == set(MESSAGE_STATES)
    assert set(MESSAGE_STATES) == {str(state) for state in MessageState} - {"claimed", "sending", "abandoned"}
    assert set(words.FATE_WORDS) == set(ROW_FATES)
    assert set(words.ENTITY_WORDS) == {str(entity) for entity in Entity}
