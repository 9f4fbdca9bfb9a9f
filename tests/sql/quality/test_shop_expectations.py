"""What a shop expects itself: judged with the rest, a warning or critical, refused where it cannot be evaluated."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.sql.facts.builders import AS_OF, land, order

from touchpoint.db import Database
from touchpoint.errors import ConfigError
from touchpoint.facts import landing
from touchpoint.model import Entity
from touchpoint.quality import gate
from touchpoint.quality.shop_expectations import ShopExpectation
from touchpoint.quality.suites import load_thresholds
from touchpoint.settings import CONFIG_ROOT

SET = "expect_column_values_to_be_in_set"


def expected(expect: str, severity: str = "critical", shops: tuple[str, ...] = (), **arguments: Any) -> ShopExpectation:
    given = {"expect": expect, "entity": "order", "severity": severity, "shops": list(shops), "with": arguments}
    return ShopExpectation.model_validate(given)


def judged(database: Database, shop_id: str, *own: ShopExpectation) -> dict[str, gate.Finding]:
    """The findings of a shop's own expectations over its pending batches, by what they are called."""
    with database.transaction() as tx:
        pending = landing.pending(tx, shop_id)
    thresholds = load_thresholds().model_copy(update={"expectations": list(own)})
    found = gate.judge(database.url, shop_id, pending, AS_OF, thresholds=thresholds)
    return {each.rule: each for each in found if each.rule.startswith("expect_")}


def test_they_run_with_the_suite_and_count_the_lines_that_break_them(database: Database) -> None:
    with database.transaction() as tx:
        rows = [order("o1", region="浙江省"), order("o2", region="火星"), order("o3", region="火星")]
        land(tx, {Entity.ORDER: rows})
    findings = judged(
        database,
        "shop",
        expected(SET, column="region", value_set=["浙江省"]),
        expected(SET, "warning", column="region", value_set=["浙江省"], mostly=0.3),
        expected("expect_column_values_to_match_regex", "warning", column="order_id", regex="^o[0-9]$"),
        expected("expect_compound_columns_to_be_unique", "warning", column_list=["order_id", "region"]),
        expected("expect_table_row_count_to_be_between", min_value=4),
        expected("expect_column_values_to_not_be_null", shops=("another",), column="city"),
    )
    assert {rule: (each.severity, each.success, each.failing) for rule, each in findings.items()} == {
        f"{SET} of region": ("warning", True, 0),
        "expect_column_values_to_match_regex of order_id": ("warning", True, 0),
        "expect_compound_columns_to_be_unique of order_id, region": ("warning", True, 0),
        "expect_table_row_count_to_be_between": ("critical", False, 1),
    }
    (alone,) = judged(database, "shop", expected(SET, column="region", value_set=["浙江省"])).values()
    assert (alone.severity, alone.success, alone.failing, alone.entity) == ("critical", False, 2, "order")


LINE = (
    "\nexpectations:\n"
    "  - {{expect: {expect}, entity: {entity}, severity: warning, shops: {shops}, with: {{{given}}}}}\n"
)
REFUSED = {
    "an unknown type": ({"expect": "expect_the_best"}, "unknown expectation 'expect_the_best'"),
    "an unknown column": ({"given": "column: colour, value_set: [a]"}, "unknown column 'colour'"),
    "an unknown shop": ({"shops": "[sandbx]"}, "unknown shop 'sandbx'"),
    "an unknown entity": ({"entity": "orders"}, "key 'expectations.0.entity' is wrong"),
    "a missing argument": ({"given": "column: region"}, f"{SET} does not take these arguments"),
    "one argument too many": (
        {"given": "column: region, value_set: [a], colour: red"},
        f"{SET} does not take these arguments",
    ),
    "a share above one": (
        {"given": "column: region, value_set: [a], mostly: 2"},
        f"{SET} does not take these arguments",
    ),
    "a mean of text": (
        {"expect": "expect_column_mean_to_be_between", "given": "column: total, min_value: 1"},
        "expect_column_mean_to_be_between of total cannot be evaluated",
    ),
    "a number beside text": (
        {"expect": "expect_column_values_to_be_between", "given": "column: total, min_value: 1"},
        "expect_column_values_to_be_between of total cannot be evaluated",
    ),
    "what PostgreSQL cannot do": (
        {"expect": "expect_column_values_to_match_json_schema", "given": "column: region, json_schema: {type: string}"},
        "expect_column_values_to_match_json_schema of region cannot be evaluated",
    ),
    "a pattern that is none": (
        {"expect": "expect_column_values_to_match_regex", "given": 'column: region, regex: "("'},
        "expect_column_values_to_match_regex of region cannot be evaluated",
    ),
    "another table": (
        {
            "expect": "expect_table_row_count_to_equal_other_table",
            "given": "other_table_name: contact.contact_points",
        },
        "expect_table_row_count_to_equal_other_table reads other tables",
    ),
}


def delivered() -> str:
    """quality.yaml as delivered, open for expectations of one's own at its end."""
    text = (CONFIG_ROOT / "quality.yaml").read_text(encoding="utf-8")
    assert text.endswith("expectations: []\n")
    return text.removesuffix("expectations: []\n")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(CONFIG_ROOT, folder / "config")
    return folder / "config"


@pytest.mark.parametrize("name", REFUSED)
def test_it_is_refused_at_load_with_file_key_and_remedy(database: Database, written: Path, name: str) -> None:
    changed, said = REFUSED[name]
    usual = {"expect": SET, "entity": "order", "shops": "[]", "given": "column: region, value_set: [a]"}
    text = delivered()
    (written / "quality.yaml").write_text(text + LINE.format(**{**usual, **changed}), encoding="utf-8")
    with pytest.raises(ConfigError) as refused:
        gate.check(database.url, written)
    assert said in str(refused.value)
    assert "quality.yaml" in refused.value.place
    assert refused.value.remedy
    (written / "quality.yaml").write_text(text + LINE.format(**usual), encoding="utf-8")


def test_one_that_holds_is_taken(database: Database, written: Path) -> None:
    text = delivered()
    usual = {"expect": SET, "entity": "order", "shops": "[sandbox]", "given": "column: region, value_set: [a]"}
    (written / "quality.yaml").write_text(text + LINE.format(**usual), encoding="utf-8")
    gate.check(database.url, written)
