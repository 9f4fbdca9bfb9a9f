"""Every reason the code can write is told in words, in both languages. Nobody keeps a list: SQL and Python are read."""

import re
from functools import cache
from pathlib import Path
from typing import get_args

import pytest
from tests.unit.reports import python_reasons, sql_reasons

from touchpoint import statements
from touchpoint.column_rules import CELL_REASONS
from touchpoint.quality.suites import CONTRADICTING, ROW_RULES
from touchpoint.reports import reasons
from touchpoint.settings.logistics import Trouble
from touchpoint.statements import ROOT

WRITERS = ("decide", "outbox", "channels", "facts", "quality", "sources", "worklists", "pipeline", "trial")
PASSED_THROUGH = {*get_args(Trouble), "stuck"}
"""Reasons of tasks that are a parcel's own trouble: facts.parcel_standing hands them on."""


@cache
def collected() -> dict[str, str]:
    package = ROOT / "plugins" / "touchpoint"
    by_python = python_reasons.written(path for room in WRITERS for path in sorted((package / room).rglob("*.py")))
    by_sql = sql_reasons.written(sorted((ROOT / "include" / "sql").rglob("*.sql")))
    rules = {rule: "quality/suites.py" for each in ROW_RULES.values() for rule in each}
    many = {name.rpartition("/")[2]: f"{name}.sql" for name in statements.names("checks/batch")}
    found = {**by_python, **by_sql, **rules, **many, CONTRADICTING: "quality/suites.py"}
    found |= dict.fromkeys(PASSED_THROUGH, "settings/logistics.py")
    found |= {reason: "column_rules.py" for each in CELL_REASONS.values() for reason in each}
    return {reason: place for reason, place in found.items() if re.search(r"[a-z]", reason)}


def ends(reason: str) -> list[str]:
    """The reason itself; of one that a column's kind is put behind (landing.cell_fault), all it can come to."""
    told = {each for found in CELL_REASONS.values() for each in found}
    return sorted(each for each in told if each.startswith(reason)) if reason.endswith("_") else [reason]


def test_every_reason_the_code_can_write_has_words_in_both_languages() -> None:
    missing = {reason: place for reason, place in collected().items() if not all(map(reasons.has_words, ends(reason)))}
    assert missing == {}, "add them to include/templates/reports/reasons.yaml"


@pytest.mark.parametrize(
    "reason",
    [
        "full_price_recently", "refund_open", "not_approved", "cash_on_delivery", "stale_facts", "lease_lapsed",
        "campaign_per_week", "smtp_#", "# columns where the header has #", "batch_rejected", "out_of_area", "gave_up",
    ],
)  # fmt: skip
def test_the_collection_sees_every_way_a_reason_is_written(reason: str) -> None:
    """One for each way: a function's union, a CASE, a fact passed through, an argument, a function's answer, a rule."""
    assert reason in collected()


def test_a_reason_in_a_new_statement_is_found(tmp_path: Path) -> None:
    (tmp_path / "new.sql").write_text(
        "SELECT CASE WHEN a = 'no' THEN coalesce(b, 'first') ELSE min(c) FILTER (WHERE d = 'not_this') END AS reason\n"
        "FROM (SELECT CASE e WHEN 'nor_this' THEN 'second' END AS b, 'third'::text AS c, 'never' AS f) AS x"
    )
    assert set(sql_reasons.written([tmp_path / "new.sql"])) == {"first", "second", "third"}


def test_words_are_plain_and_differ_between_the_languages() -> None:
    for reason, told in reasons.known().items():
        assert set(told) == set(reasons.LANGUAGES), reason
        in_chinese = {language: bool(re.search(r"[\u4e00-\u9fff]", text)) for language, text in told.items()}
        assert in_chinese == {"en": False, "zh-CN": True}, reason


def test_what_changes_within_a_reason_is_put_back_into_its_words() -> None:
    assert reasons.meaning("3 columns where the header has 5", language="zh-CN") == "这一行有 3 列，表头有 5 列"
    assert reasons.meaning("gave_up: smtp_421").endswith("the last answer was: the mail server answered 421")
    assert reasons.meaning("gave_up: isv.SOMETHING").endswith("the last answer was: the provider's own code")


def test_a_rejected_promotion_does_not_read_as_if_nobody_had_answered() -> None:
    assert reasons.meaning("not_approved", of="cancelled") == "a marketer rejected it"
    assert reasons.meaning("not_approved", of="expired") == "nobody approved it in time"


def test_what_comes_from_elsewhere_says_so() -> None:
    assert reasons.meaning("monthly_promotion", of="outranked") == "that campaign went first"
    assert reasons.meaning("isv.AMOUNT_NOT_ENOUGH", of="rejected") == "the provider's own code"
    assert reasons.meaning("expect_column_values_to_be_in_set") == ""
