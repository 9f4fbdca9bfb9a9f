"""What was learned, as a terminal shows it: within 100 columns, where a Chinese character takes two."""

from __future__ import annotations

from typing import Any

import pytest
from rich.cells import cell_len

from touchpoint.cli import as_table
from touchpoint.cli.lessons import TELLERS, WIDTH, section
from touchpoint.learning import answer_delay, delivery
from touchpoint.learning.learners import LEARNERS

FACTS = [
    "version 123456", "in force after 2026-11-20 10:30", "from 9999999 orders, 2026-05-24 to 2026-11-20",
    "data 1a2b3c4d5e6f", "used by unpaid_reminder",
]  # fmt: skip


def norms(carrier: str | None, region: str | None) -> dict[str, Any]:
    curve = {str(day): 1.0 for day in delivery.DAYS}
    counts = {"parcels": 1234567, "arrived": 1234567, "days": 60, "half_arrived_in": 60}
    return {"carrier": carrier, "region": region, **counts, "curve": curve}


def delay(source: str | None, kind: str | None, **changed: Any) -> dict[str, Any]:
    ages = (600, 1800, 3600, 7200, 21600, 86400, 172800)
    given = {
        "orders": 1234567, "paid": 1234567, "pay_by_themselves": 1.0, "half_paid_at": 1190, "share_paid_at": 5999,
        "closes": 86400, "after": 5400, "paid_by_then": 0.987, "why": "share",
    }  # fmt: skip
    return {"source": source, "kind": kind, **given, "curve": {str(age): 1.0 for age in ages}, **changed}


BODIES: dict[str, dict[str, Any]] = {
    "pay_delay": {
        "share": 0.9,
        "groups": [
            delay(None, None),
            delay("flash_sale", "debit_card", why="closing"),
            delay("预售订单", "货到付款", after=None, paid_by_then=None, why="never"),
        ],
        "few": [delay(None, "voucher")],
    },
    "delivery_norms": {
        "quantile": 0.9,
        "groups": [norms(None, None), norms(None, "新疆维吾尔自治区"), norms("中国邮政速递物流", "内蒙古自治区")],
    },
    "answer_delay": {
        "share": 0.9,
        "steps": [
            {
                "campaign": "dormant_reactivation",
                "step": "touch_1",
                "messages": 123456,
                "answers": 12345,
                "answer": 0.1234,
                "half_answered_at": 90000,
                "after": 259200,
                "curve": {str(age): 1.0 for age in answer_delay.AGES},
            }
        ],
    },
    "rhythm": {"population_gap": 54 * 86400.0, "of": "closed and open gaps"},
    "lifetime": {
        "r": 1.42,
        "alpha": 157.0,
        "a": 0.000101,
        "b": 9900.0,
        "horizon": 90 * 86400.0,
        "matched": 0.331,
        "spend": {"p": 2.04, "q": 31.9, "v": 254000.0, "correlation": 0.00114},
    },
    "dormancy": {"rule": "lifetime", "areas": {"fixed": 0.557, "rhythm": 0.539, "lifetime": 0.598, "p_alive": 0.459}},
}


def test_everything_that_is_learned_is_told() -> None:
    assert set(BODIES) == set(TELLERS) == {name for name, _ in LEARNERS}


@pytest.mark.parametrize("name", BODIES)
def test_a_section_fits_a_terminal_of_100_columns_with_the_longest_names(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "10000")
    lines = section(name, FACTS, BODIES[name]).splitlines()
    assert max(map(cell_len, lines)) <= WIDTH == 100
    monkeypatch.setenv("COLUMNS", "100")
    assert section(name, FACTS, BODIES[name]).splitlines() == lines, "tables, not one value a line"


def test_a_section_says_what_its_marks_mean_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    told = " ".join(section("pay_delay", FACTS, BODIES["pay_delay"]).split())
    assert "closes: the reminder does not wait for 90%" in told
    assert "never: most who pay do so later" in told
    assert "few: too few to go by" in told
    plain = " ".join(section("pay_delay", FACTS, {"share": 0.9, "groups": [delay(None, None)]}).split())
    assert not any(word in plain for word in ("closes:", "never:", "few:"))


def test_values_of_customers_without_repeats_are_said_to_be_missing() -> None:
    told = section("lifetime", [], {**BODIES["lifetime"], "spend": None, "no_spend": "3 customers, 50 needed"})
    assert "No value of purchases: 3 customers, 50 needed." in told


def test_what_is_not_learned_says_so() -> None:
    assert section("rhythm", ["kept: no"], None).endswith("not enough to learn from")


def test_numbers_stand_to_the_right_under_their_names_beside_chinese_ones() -> None:
    rows = [{"region": "上海", "days": 5}, {"region": "新疆维吾尔自治区", "days": 11}]
    told = as_table(rows, words=("region",)).splitlines()
    assert {cell_len(line) for line in (told[0], *told[2:])} == {cell_len("新疆维吾尔自治区") + 2 + len("days")}


@pytest.mark.parametrize(("columns", "is_table"), [(39, False), (40, False), (41, True)])
def test_a_chinese_character_counts_two_columns_when_a_terminal_is_too_narrow(
    columns: int, is_table: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two frames of a character, two spaces each, and what is between them."""
    monkeypatch.setenv("COLUMNS", str(columns))
    told = as_table([{"region": "江" * 18 + "s"}])
    assert ("┃" in told) is is_table
    assert "江" * 18 in told
