"""Cohorts of a shop that has gone quiet."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from touchpoint.record.cohorts import over_since

FOUND = [{"cohort": "2024-11", "active": [9, 4, 2]}, {"cohort": "2025-01", "active": [3]}]
LONDON, TOKYO = ZoneInfo("Europe/London"), ZoneInfo("Asia/Tokyo")


def test_the_last_month_with_a_sale_is_told_once_a_later_one_has_begun() -> None:
    assert over_since(FOUND, datetime(2026, 3, 1, tzinfo=UTC), LONDON) == "2025-01"
    assert over_since(FOUND, datetime(2025, 1, 31, 18, tzinfo=UTC), TOKYO) == "2025-01", "it is February there"
    assert over_since(FOUND, datetime(2025, 1, 31, 18, tzinfo=UTC), LONDON) is None
    assert over_since([], datetime(2025, 1, 31, tzinfo=UTC), LONDON) is None
