"""Drafts of the mappings this repository ships: how many of their columns a draft gets right, by the real exports."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from touchpoint.model import Entity
from touchpoint.sources.drafting import draft_mapping
from touchpoint.sources.files.mapping import Mapping, load_mapping
from touchpoint.statements import ROOT

DATA = Path(os.environ.get("TOUCHPOINT_DATA", ROOT / ".." / "shared" / "data"))
SETS = {
    "tmall": ("tmall_orders", "CNY", ["tmall_order_report.csv.gz"]),
    "olist": ("olist", "BRL", ["olist_stratified_8135/*.parquet"]),
    # The full catalogue by the mapping of the sample's.
    "olist_official": (
        "olist",
        "BRL",
        [
            "olist_official/olist_products_dataset.parquet",
            "olist_stratified_8135/product_category_name_translation.parquet",
        ],
    ),
    "online_retail": ("online_retail", "GBP", ["online_retail.parquet"]),
}
Unit = tuple[str, str, str, str]
"""Entity, file, landing column, and what it reads."""


def units(mapping: Mapping) -> set[Unit]:
    """What a mapping reads of each file: by columns, lookups and constants; words and conditions are left aside."""
    found = set()
    for export in mapping.exports:
        for entity in Entity:
            part = getattr(export, entity.value)
            for name, given in part.given.items() if part else ():
                found.add((entity.value, Path(export.files).name, name, _reads(export, given)))
    return found


def _reads(export: Any, given: Any) -> str:
    lookup = export.lookups.get(given.lookup)
    where = f"{Path(lookup.files).name}[{lookup.key}]" if lookup else "here"
    factors = [str(factor) for factor in given.product or []]
    named = sorted({*given.named, *factors, *(given.digest or [])})
    moved = f" +{given.plus}" if given.plus else ""
    return f"{where}: {', '.join(named)} {given.constant or ''} {given.take or ''}{moved}"


def measured(name: str) -> tuple[set[Unit], set[Unit]]:
    """(of the shipped mapping, of the draft), of the files looked at."""
    shipped, currency, globs = SETS[name]
    files = sorted(path for glob in globs for path in DATA.glob(glob))
    if not files:
        pytest.skip(f"the real data is absent: no {globs[0]} in $TOUCHPOINT_DATA ({DATA})")
    drafted = units(Mapping.model_validate(yaml.safe_load(draft_mapping(files, folder=DATA, currency=currency))))
    known = {path.name for path in files}
    return {unit for unit in units(load_mapping(shipped)) if unit[1] in known}, drafted


@pytest.mark.parametrize("name", SETS)
def test_a_draft_gets_four_fifths_of_the_columns_right_and_makes_up_few(name: str) -> None:
    shipped, drafted = measured(name)
    right = shipped & drafted
    assert len(right) >= 0.8 * len(shipped), f"{len(right)} of {len(shipped)}; missing: {sorted(shipped - drafted)}"
    assert len(right) >= 0.8 * len(drafted), f"made up: {sorted(drafted - shipped)}"


def test_the_measure_counts_what_is_wrong() -> None:
    mapping = load_mapping("tmall_orders")
    text = (ROOT / "config" / "mappings" / "tmall_orders.yaml").read_text(encoding="utf-8")
    other = Mapping.model_validate(yaml.safe_load(text.replace("region: 收货地址", "region: 总金额")))
    assert len(units(mapping) - units(other)) == 1
