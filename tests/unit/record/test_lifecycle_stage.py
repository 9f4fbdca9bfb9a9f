"""Lifecycle stages as a pure function."""

from datetime import UTC, datetime, timedelta

import pytest

from touchpoint.record.stages import stage, stage_by_orders
from touchpoint.settings import CONFIG_ROOT, Segments, read_yaml

AS_OF = datetime(2026, 3, 10, 6, tzinfo=UTC)
GIVEN = {"drifting_after": "90d", "dormant_after": "180d", "lost_after": "365d"}
SEGMENTS = Segments.model_validate({**read_yaml(CONFIG_ROOT / "segments.yaml"), **GIVEN})
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)


@pytest.mark.parametrize(
    ("orders", "silence", "expected"),
    [
        (0, None, "prospect"),  # never paid
        (1, DAY, "new"),
        (2, DAY, "second_time"),
        (3, DAY, "loyal"),
        (99, DAY, "loyal"),
        (1, 90 * DAY - SECOND, "new"),  # a second before the threshold
        (1, 90 * DAY, "drifting"),  # exactly at it
        (5, 180 * DAY - SECOND, "drifting"),
        (5, 180 * DAY, "dormant"),
        (5, 365 * DAY, "lost"),
    ],
)
def test_stage_goes_by_orders_until_silence_speaks(orders: int, silence: timedelta | None, expected: str) -> None:
    assert stage(orders, AS_OF - silence if silence else None, AS_OF, SEGMENTS) == expected


@pytest.mark.parametrize(("orders", "expected"), [(0, "prospect"), (1, "new"), (2, "second_time"), (3, "loyal")])
def test_stage_by_orders_never_looks_at_silence(orders: int, expected: str) -> None:
    assert stage_by_orders(orders, SEGMENTS) == expected
