"""Every part of `make bench` runs, at a size of seconds, so that none rots; what it measures there means nothing."""

from __future__ import annotations

from importlib import import_module

import pytest
from bench.__main__ import parts

from bench import Row

SIZES = {"audiences": 5_000, "dispatch": 200, "landing": 500, "parsing": 1, "record": 20_000}
"""Part -> its tiny size, in its own unit. All compare what both sides did, and refuse where it differs."""
ELSEWHERE = {"backfill", "scheduler"}
"""Start an Airflow of their own, on ports that other tests may hold at that moment: run by `make bench` alone."""


def test_every_part_has_a_tiny_size() -> None:
    assert set(parts()) == SIZES.keys() | ELSEWHERE


@pytest.mark.parametrize("part", SIZES)
def test_a_part_runs_and_measures_beside_a_baseline(part: str) -> None:
    rows: list[Row] = import_module(f"bench.{part}").run(SIZES[part])
    assert rows
    for row in rows:
        assert row.seconds > 0, row.what
        assert row.baseline_seconds > 0, row.what
        assert row.ratio > 0, row.what
