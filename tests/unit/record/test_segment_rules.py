"""config/segments.yaml is refused unless every combination of scores lies in exactly one group and bounds rise."""

from __future__ import annotations

from copy import deepcopy
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from touchpoint.errors import ConfigError
from touchpoint.settings import CONFIG_ROOT, Segments, load_segments, parse_config, read_yaml

PATH = CONFIG_ROOT / "segments.yaml"


def given(**rfm: Any) -> dict[str, Any]:
    content = deepcopy(read_yaml(PATH))
    content["rfm"].update(rfm)
    return content


def refused(content: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as error:
        parse_config(Segments, content, Path("segments.yaml"))
    return str(error.value)


def groups(**changed: Any) -> dict[str, Any]:
    return {**read_yaml(PATH)["rfm"]["groups"], **changed}


def test_the_file_names_the_usual_groups_and_each_holds_some_scores() -> None:
    cells = load_segments().rfm.cells()
    assert len(cells) == 125
    assert set(cells) == {
        "champions",
        "loyal",
        "potential_loyalist",
        "new_customers",
        "promising",
        "need_attention",
        "about_to_sleep",
        "at_risk",
        "cannot_lose",
        "hibernating",
        "lost",
    }


def test_cells_stand_in_the_order_sql_reads_them() -> None:
    found = dict(zip(product(range(1, 6), repeat=3), load_segments().rfm.cells(), strict=True))
    assert (found[5, 5, 5], found[5, 1, 1], found[1, 5, 5], found[1, 1, 1]) == (
        "champions",
        "new_customers",
        "cannot_lose",
        "lost",
    )
    assert (found[5, 1, 2], found[4, 4, 3]) == ("potential_loyalist", "loyal")  # halves of fm are rounded up


def test_a_combination_in_no_group_is_named() -> None:
    without = {name: blocks for name, blocks in groups().items() if name != "promising"}
    assert "no group holds r=4 f=1 m=1 (fm=1)" in refused(given(groups=without))


def test_a_combination_in_two_groups_is_named_with_both() -> None:
    assert "r=5 f=3 m=1 (fm=2) lies in potential_loyalist and vip" in refused(
        given(groups=groups(vip=[{"r": [5], "f": [3]}]))
    )


def test_two_blocks_of_one_group_may_not_overlap_either() -> None:
    twice = groups(lost=[{"r": [1], "fm": [1, 2]}, {"r": [1], "f": [1], "m": [1]}])
    assert "r=1 f=1 m=1 (fm=1) lies in lost and lost" in refused(given(groups=twice))


def test_one_group_for_everybody_is_a_map_too() -> None:
    assert set(parse_config(Segments, given(groups={"all": [{}]}), PATH).rfm.cells()) == {"all"}


@pytest.mark.parametrize(
    ("rfm", "told"),
    [
        ({"rule": "deciles"}, "key 'rfm.rule' is wrong"),
        ({"min_customers": 4}, "key 'rfm.min_customers' is wrong"),
        ({"groups": {"All": [{}]}}, "key 'rfm.groups.All"),
        ({"groups": {"all": [{"r": [6]}]}}, "key 'rfm.groups.all"),
        ({"groups": {"all": [{"q": [1]}]}}, "unknown key"),
        ({"quantiles": 5}, "unknown key 'rfm.quantiles'"),
    ],
)
def test_what_is_no_rule_is_refused_by_name(rfm: dict[str, Any], told: str) -> None:
    assert told in refused(given(**rfm))


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("recency", ["30d", "90d", "90d", "365d"], "recency must rise"),
        ("frequency", [2, 3, 3, 10], "frequency must rise"),
        ("monetary", {"CNY": [1, 3, 2, 4]}, "monetary of CNY must rise"),
        ("monetary", {"CNY": [1, 2, 3]}, "rfm.thresholds.monetary.CNY"),
        ("monetary", {"yuan": [1, 2, 3, 4]}, "rfm.thresholds.monetary"),
        ("monetary", {"CNY": [1, 2, 3, "many"]}, "write major units"),
    ],
)
def test_thresholds_that_do_not_rise_are_refused(key: str, value: Any, told: str) -> None:
    content = given()
    content["rfm"]["thresholds"][key] = value
    assert told in refused(content)


@pytest.mark.parametrize(
    ("key", "value", "told"),
    [
        ("names", ["a", "b", "b", "d"], "same name"),
        ("names", ["a", "b", "c"], "value_tiers.names"),
        ("quantiles", [0.5, 0.5, 0.9], "quantiles must rise"),
        ("quantiles", [0.5, 0.9, 1.0], "value_tiers.quantiles"),
        ("by", "feeling", "value_tiers.by"),
    ],
)
def test_tiers_that_make_no_sense_are_refused(key: str, value: Any, told: str) -> None:
    content = given()
    content["value_tiers"][key] = value
    assert told in refused(content)
