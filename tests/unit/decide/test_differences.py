"""Naming what differs between an audience as stored and as asked again."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from touchpoint.decide.differences import EXAMPLES, Hashes, causes, changed_keys, changes
from touchpoint.model import Candidate

AT = datetime(2026, 11, 1, tzinfo=UTC)
STORED = Hashes(audience="a", campaign="c", parameters="p", statement="s")


def candidate(number: int, **given: object) -> Candidate:
    plain = Candidate("campaign", "step", f"order-{number}", UUID(int=number), f"customer-{number}", AT, AT)
    return replace(plain, **given)


@pytest.mark.parametrize(
    ("now", "as_configured_then", "has_corrections", "named"),
    [
        (STORED, None, False, []),
        (replace(STORED, audience="b"), None, False, ["data"]),
        (STORED, None, True, ["data"]),
        (replace(STORED, campaign="d"), "a", False, ["config"]),
        (replace(STORED, parameters="q"), "a", False, ["config"]),
        (replace(STORED, campaign="d", audience="b"), "a", False, ["config"]),
        (replace(STORED, campaign="d", audience="b"), "b", False, ["config", "data"]),
        (replace(STORED, campaign="d", audience="b"), None, False, ["config"]),
        (replace(STORED, statement="t", audience="b"), None, False, ["code"]),
        (replace(STORED, statement="t", audience="b"), None, True, ["code", "data"]),
        (replace(STORED, statement="t", campaign="d", audience="b"), "b", False, ["config", "code"]),
    ],
)
def test_each_difference_is_named(
    now: Hashes, as_configured_then: str | None, has_corrections: bool, named: list[str]
) -> None:
    assert causes(STORED, now, as_configured_then, has_corrections) == named


def test_without_a_ledger_there_is_nothing_to_compare_with() -> None:
    assert causes(None, STORED, None, True) == ["no_ledger"]


def test_candidates_gone_come_and_changed_are_counted_apart() -> None:
    then = [candidate(1), candidate(2), candidate(3)]
    now = [candidate(2), candidate(3, exclude_reason="refund"), candidate(4)]
    found = changes(then, now)
    assert (found.only_then, found.only_now, found.changed) == (1, 1, 1)
    assert found.occasions == ("order-1", "order-3", "order-4")


@given(st.sets(st.integers(1, 40)), st.sets(st.integers(1, 40)))
def test_counts_are_of_all_and_names_of_a_few(then: set[int], now: set[int]) -> None:
    found = changes(map(candidate, then), map(candidate, now))
    assert (found.only_then, found.only_now, found.changed) == (len(then - now), len(now - then), 0)
    assert bool(found) == (then != now)
    assert len(found.occasions) == min(EXAMPLES, len(then ^ now))


def test_keys_of_two_configurations_are_told_with_both_values() -> None:
    then = {"limits": {"per_day": 1}, "steps": [1], "gone": "x", "same": {"deep": True}}
    now = {"limits": {"per_day": 2}, "steps": [1, 2], "come": "y", "same": {"deep": True}}
    assert changed_keys(then, now) == [
        {"key": "limits.per_day", "then": "1", "now": "2"},
        {"key": "steps", "then": "[1]", "now": "[1, 2]"},
        {"key": "gone", "then": "x", "now": ""},
        {"key": "come", "then": "", "now": "y"},
    ]


def test_a_long_value_is_shortened() -> None:
    [found] = changed_keys({"offer": "a" * 500}, {"offer": "b"})
    assert len(found["then"]) == 80
