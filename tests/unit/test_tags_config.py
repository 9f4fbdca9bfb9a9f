"""config/tags.yaml is refused unless rules and statements agree, needs are known and labels stand for one thing."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.sql.decide.building import make_shop

from touchpoint import statements
from touchpoint.errors import ConfigError
from touchpoint.settings import CONFIG_ROOT, load_tags, read_yaml
from touchpoint.settings.needs import NEEDS

Change = Callable[[dict[str, Any]], Any]


def load(folder: Path, change: Change) -> Any:
    content = deepcopy(read_yaml(CONFIG_ROOT / "tags.yaml"))
    change(content)
    (folder / "tags.yaml").write_text(yaml.safe_dump(content, allow_unicode=True, sort_keys=False), encoding="utf-8")
    return load_tags(folder)


def test_the_file_loads_and_every_statement_of_a_tag_is_named_by_it() -> None:
    named = {tag.statement for tag in load_tags().all_of(make_shop())}
    assert named == set(statements.names("tags"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda file: file["tags"]["payday"].update(sahre=0.5), "tags.payday: unknown rule 'sahre'"),
        (lambda file: file["tags"]["payday"].pop("months"), "tags.payday: missing rule 'months'"),
        (lambda file: file["tags"]["payday"].update(needs=["orders"]), "tags.payday.needs: unknown need 'orders'"),
        (lambda file: file["tags"]["payday"].update(needs=[]), "tags.payday: missing key 'needs'"),
        (lambda file: file["tags"]["payday"].update(begins=[1, 5, 10]), "tags.payday.begins: begins has 0, 1, 2"),
        (lambda file: file["tags"]["payday"].update(begins=[1, 5, 4, 15, 20, 25]), "begins must be numbers that rise"),
        (lambda file: file["tags"]["payday"].update(begins=7), "begins is one value"),
        (lambda file: file["tags"]["usual_hour"]["begins"].pop("noon"), "tags.usual_hour.begins"),
        (lambda file: file["tags"]["payday"].update(share=0.4), "share is 0.4"),
        (lambda file: file["tags"]["payday"].update(share=1), "share is 1"),
        (lambda file: file["tags"]["payday"].update(minimum=0), "minimum is 0"),
        (lambda file: file["tags"]["payday"].update(minimum=True), "minimum is True"),
        (lambda file: file["tags"]["payday"].update(statement="pay_day"), "no such statement"),
        (lambda file: file["tags"]["payday"].update(window="2y"), "is no duration"),
        (lambda file: file["tags"]["life_stage"].update(window="90d"), "tags.life_stage.window: a window does nothing"),
        (lambda file: file["tags"]["climate"]["regions"].update(by="country"), "differs by 'country'"),
        (lambda file: file["tags"]["climate"]["regions"].update({"Asia/Shanghai": {}}), "regions is empty"),
        (lambda file: file["tags"]["leaving_cause"].update(causes=["unhapy"]), "unknown cause 'unhapy'"),
        (lambda file: file["tags"]["price_band"].update(bands=["low", "high"]), "2 bands and 4 amounts"),
        (lambda file: file["tags"]["price_band"]["band_amounts"].update(CNY=[5, 4, 3, 2]), "numbers that rise"),
        (lambda file: file.update(min_customers=0), "min_customers"),
        (lambda file: file.update(windows="all"), "unknown key 'windows'"),
        (lambda file: file["manual"]["expertise"]["values"]["amateur"].update(en="Expert"), "for expert and amateur"),
        (lambda file: file["manual"]["expertise"]["label"].update(en="Size"), "stands for expertise and size"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_file_key_and_remedy(tmp_path: Path, change: Change, told: str) -> None:
    with pytest.raises(ConfigError) as error:
        load(tmp_path, change)
    assert "tags.yaml" in str(error.value)
    assert told in str(error.value)
    assert error.value.remedy


def test_a_statement_may_only_ask_for_what_a_tag_is_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(statements.SQL_ROOT / "tags", tmp_path / "tags")
    written = tmp_path / "tags" / "payday.sql"
    written.write_text(written.read_text(encoding="utf-8").replace("shop_id text", "shop_name text"), encoding="utf-8")
    monkeypatch.setattr(statements, "SQL_ROOT", tmp_path)
    statements.load.cache_clear()
    try:
        with pytest.raises(ConfigError, match="asks for `shop_name text`"):
            load_tags()
    finally:
        statements.load.cache_clear()


def test_durations_reach_sql_in_seconds_and_amounts_in_minor_units_of_the_shop_s_currency(tmp_path: Path) -> None:
    def change(file: dict[str, Any]) -> None:
        file["tags"]["price_band"]["band_amounts"].update(CNY=[0.5, 100, 200, 500], JPY=[500, 1000, 2000, 5000])

    tags = load(tmp_path, change)
    rules = {tag.name: tag.rules for tag in tags.of(make_shop())}
    assert rules["price_band"]["band_amounts"] == [50, 10_000, 20_000, 50_000]
    assert rules["leaving_cause"]["trouble_before"] == 60 * 86_400
    assert rules["payday"]["zone"] == "Asia/Shanghai"
    japan = {tag.name: tag.rules for tag in tags.of(make_shop(currency="JPY", zone="Asia/Tokyo"))}
    assert japan["price_band"]["band_amounts"] == [500, 1000, 2000, 5000]


def test_a_rule_by_shop_that_says_nothing_takes_the_default_or_leaves_the_tag_out(tmp_path: Path) -> None:
    assert "series_band" not in {tag.name for tag in load_tags().of(make_shop())}

    def change(file: dict[str, Any]) -> None:
        file["tags"]["series_band"]["bands"]["default"] = {"16-22": ["casual"]}

    rules = {tag.name: tag.rules for tag in load(tmp_path, change).of(make_shop())}
    assert rules["series_band"]["bands"] == {"16-22": ["casual"]}


def test_a_tag_has_its_own_window_or_that_of_the_file(tmp_path: Path) -> None:
    def change(file: dict[str, Any]) -> None:
        file["window"] = "730d"
        file["tags"]["payday"]["window"] = "all"

    windows = {tag.name: tag.window for tag in load(tmp_path, change).of(make_shop())}
    assert windows["usual_hour"] == timedelta(days=730)
    assert windows["payday"] is None


def test_every_need_says_what_to_connect() -> None:
    for name, need in NEEDS.items():
        assert "docs/" in need.remedy, name
        assert (CONFIG_ROOT.parent / need.remedy.rpartition("(")[2].rstrip(")")).is_file()
