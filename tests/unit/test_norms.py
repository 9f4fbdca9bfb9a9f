"""`days: learned`: read strictly, learned days below what is written by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from touchpoint.errors import ConfigError
from touchpoint.settings import CONFIG_ROOT, load_logistics, load_shop, norms

DAYS = {(None, None): 4, ("sf", None): 3, (None, "hills"): 9, ("sf", "hills"): 6, ("yto", None): 5}


def body(days: dict[tuple[str | None, str | None], int]) -> dict[str, Any]:
    return {"groups": [{"carrier": one, "region": other, "days": found} for (one, other), found in days.items()]}


def normal_days(rules: dict[str, Any], carrier: str | None, region: str | None) -> int:
    """As facts.parcel_standing reads them."""
    own = rules.get("carriers", {}).get(carrier, {})
    read = (own.get("regions", {}).get(region), own.get("days"), rules.get("regions", {}).get(region), rules["days"])
    return next(days for days in read if days is not None)


def written(tmp_path: Path, **shop: Any) -> Path:
    for folder in ("shops", "rehearsals"):
        (tmp_path / folder).mkdir(exist_ok=True)
    (tmp_path / "shops" / "sandbox.yaml").write_text("", encoding="utf-8")
    content = yaml.safe_load((CONFIG_ROOT / "logistics.yaml").read_text(encoding="utf-8"))
    common = {**content["norms"], **shop.pop("norms", {})}
    content = {"norms": common, "shops": {"sandbox": shop}}
    (tmp_path / "logistics.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return tmp_path


def test_the_narrowest_group_that_was_learned_speaks() -> None:
    rules = norms.taught({"days": 7, "days_learned": True}, body(DAYS), 12)
    asked = {("sf", "hills"): 6, ("sf", "plain"): 3, ("yto", "hills"): 5, ("other", "hills"): 9, ("other", None): 4}
    assert {key: normal_days(rules, *key) for key in asked} == asked
    assert rules["learned"] == 12


def test_until_something_was_learned_and_where_nobody_says_learned_all_is_as_written() -> None:
    said = {"days": 7, "regions": {"hills": 9}, "days_learned": True}
    assert norms.taught(said, None, None) == said
    assert norms.taught({"days": 7}, body(DAYS), 12) == {"days": 7}


@given(
    days=st.dictionaries(
        st.tuples(st.sampled_from([None, "sf", "yto"]), st.sampled_from([None, "hills", "plain"])), st.integers(0, 30)
    ),
    regions=st.dictionaries(st.sampled_from(["hills", "plain"]), st.integers(31, 60)),
    carriers=st.dictionaries(
        st.sampled_from(["sf", "dhl"]),
        st.fixed_dictionaries(
            {},
            optional={
                "days": st.integers(61, 90),
                "regions": st.dictionaries(st.sampled_from(["hills", "plain"]), st.integers(91, 120)),
            },
        ),
    ),
    carrier=st.sampled_from([None, "sf", "yto", "dhl", "unseen"]),
    region=st.sampled_from([None, "hills", "plain", "unseen"]),
)
def test_what_is_written_by_hand_stays_and_wins(
    days: dict[tuple[str | None, str | None], int],
    regions: dict[str, int],
    carriers: dict[str, Any],
    carrier: str | None,
    region: str | None,
) -> None:
    said = {"days": 7, "regions": regions, "carriers": carriers, "days_learned": True}
    by_hand = normal_days({**said, "days": -1}, carrier, region)
    found = normal_days(norms.taught(said, body(days), 1), carrier, region)
    if by_hand != -1:
        assert found == by_hand
    else:
        chain = [(carrier, region), (carrier, None), (None, region), (None, None)]
        assert found == next((days[key] for key in chain if key in days), 7)


def test_a_shop_says_learned_and_the_common_days_hold_until_then(tmp_path: Path) -> None:
    shop = load_shop("sandbox")
    own = load_logistics(written(tmp_path, days="learned")).rules(shop)
    assert (own["days"], own["days_learned"]) == (7, True)
    assert load_logistics(written(tmp_path, days="learned or 9")).rules(shop)["days"] == 9
    for_all = load_logistics(written(tmp_path, norms={"days": "learned or 8"})).rules(shop)
    assert (for_all["days"], for_all["days_learned"]) == (8, True)
    assert "days_learned" not in load_logistics(written(tmp_path, days=5)).rules(shop)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"days": "learnt"}, r"shops\.sandbox\.days.*learned or 7"),
        ({"days": "learned or 7d"}, r"shops\.sandbox\.days.*learned or 7"),
        ({"days": "learned or 200"}, r"shops\.sandbox\.days.*0 to 120"),
        ({"days": True}, r"shops\.sandbox\.days"),
        ({"norms": {"days": "learned"}}, r"norms.*days: learned or 7"),
        ({"regions": {"hills": "learned"}}, r"shops\.sandbox\.regions"),
    ],
    ids=str,
)
def test_a_wrong_word_is_refused_by_name(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        load_logistics(written(tmp_path, **changed))
