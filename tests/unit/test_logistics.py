"""config/logistics.yaml: read strictly, the shop's own keys in place of the common ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from touchpoint.errors import ConfigError
from touchpoint.settings import CONFIG_ROOT, load_logistics, load_shop


@pytest.fixture
def config(tmp_path: Path) -> Path:
    for folder in ("shops", "rehearsals"):
        (tmp_path / folder).mkdir()
    (tmp_path / "shops" / "sandbox.yaml").write_text("", encoding="utf-8")
    return tmp_path


def written(config: Path, **changed: Any) -> Path:
    content = yaml.safe_load((CONFIG_ROOT / "logistics.yaml").read_text(encoding="utf-8"))
    content = {"norms": {**content["norms"], **changed.pop("norms", {})}, "shops": {}, **changed}
    (config / "logistics.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return config


@pytest.mark.parametrize(
    ("changed", "thing"),
    [
        ({"norms": {"days": "3d"}}, "norms.days"),
        ({"norms": {"regions": {"西藏自治区": -1}}}, "西藏自治区"),
        ({"norms": {"carrier": {}}}, "norms.carrier"),
        ({"norms": {"problems": {"refused": "1h"}}}, "refused"),
        ({"norms": {"zones": {"AM": "Manaus"}}}, "norms.zones"),
        ({"norms": {"give_up_after": "200d"}}, "norms.give_up_after"),
        ({"norms": {"rest": {"in_transit": 2.0}}}, "in_transit"),
        ({"shops": {"nobody": {"days": 3}}}, "nobody"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(config: Path, changed: dict[str, Any], thing: str) -> None:
    with pytest.raises(ConfigError, match=thing):
        load_logistics(written(config, **changed))


def test_what_holds_for_all_shops_names_every_key(config: Path) -> None:
    content = yaml.safe_load((CONFIG_ROOT / "logistics.yaml").read_text(encoding="utf-8"))
    del content["norms"]["still_after"]
    (config / "logistics.yaml").write_text(yaml.safe_dump({"norms": content["norms"]}), encoding="utf-8")
    with pytest.raises(ConfigError, match="still_after is missing"):
        load_logistics(config)


def test_a_shop_says_instead_what_it_says(config: Path) -> None:
    shop = load_shop("sandbox")
    common = load_logistics(written(config)).rules(shop)
    own = load_logistics(written(config, shops={"sandbox": {"stuck_after": "never", "days": 4}})).rules(shop)
    assert {key: value for key, value in common.items() if own.get(key) != value} == {
        "days": common["days"],
        "stuck_after": common["stuck_after"],
    }
    assert own["days"] == 4
    assert "stuck_after" not in own
    assert own["zone"] == "Asia/Shanghai"


def test_the_file_as_it_is_knows_every_region_of_the_shops_it_names() -> None:
    rules = load_logistics().rules(load_shop("olist"))
    assert rules["zones"]["AC"] == "America/Rio_Branco"
    assert "stuck_after" not in rules
