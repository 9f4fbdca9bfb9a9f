"""Mapping files are read strictly: an error names file, key and remedy."""

from __future__ import annotations

from textwrap import dedent

import pytest

from touchpoint.errors import ConfigError
from touchpoint.model import Entity
from touchpoint.settings import CONFIG_ROOT
from touchpoint.sources.files.mapping import entities_of, load_mapping
from touchpoint.statements import ROOT

GOOD = """
exports:
  - files: orders.csv
    order:
      columns:
        order_id: id
        customer_id: id
        created_at: made
        total: sum
        currency: {constant: CNY}
"""


@pytest.fixture
def mapping(tmp_path):
    (tmp_path / "mappings").mkdir()

    def load(text):
        (tmp_path / "mappings" / "shop.yaml").write_text(text, encoding="utf-8")
        return load_mapping("shop", tmp_path)

    return load


def test_a_mapping_says_where_each_column_comes_from(mapping):
    export = mapping(GOOD).exports[0]
    given = entities_of(export, Entity.ORDER)[Entity.ORDER].given
    assert given["order_id"].header == "id"
    assert given["currency"].constant == "CNY"
    assert "paid_at" not in given


def test_a_mapping_may_lie_anywhere(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(GOOD, encoding="utf-8")
    assert load_mapping(str(path)).exports[0].files == "orders.csv"


@pytest.mark.parametrize("path", sorted((CONFIG_ROOT / "mappings").glob("*.yaml")), ids=lambda path: path.stem)
def test_the_mappings_of_the_repository_load(path):
    assert load_mapping(path.stem).exports


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "total: sum",
            "total: sum\n        piad_at: when",
            "unknown key .exports.0.order.columns.piad_at.*known keys:.*paid_at",
        ),
        ("        total: sum\n", "", "missing key 'exports.0.order.columns.total'"),
        ("total: sum", "total: sum\n        total: other", "duplicate key 'total'"),
        (
            "total: sum",
            "total: {from: sum, constant: x}",
            "exactly one of from, constant, present, first_of, sum, product",
        ),
        ("total: sum", "total: {plus: 1h}", "exactly one of from, constant, present, first_of"),
        ("total: sum", "total: {sum: [made]}", "columns.total.sum"),
        ("created_at: made", "created_at: {sum: [made, other]}", "created_at is a time, so it takes no `sum`"),
        ("total: sum", "total: {from: sum, plus: 1h}", "total is no instant"),
        ("created_at: made", "created_at: {from: made, plus: soon}", "no duration"),
        ("total: sum", "total: {from: sum, otherwise: x}", "`otherwise` goes with"),
        ("total: sum", "total: {present: sum}", "`then` goes with"),
        ("total: sum", "total: {constant: x, words: {a: b}}", "go with `from`"),
        ("files: orders.csv", "files: ../orders.csv", "leaves the folder"),
        ("files: orders.csv", "files: /etc/passwd", "leaves the folder"),
        ("files: orders.csv", "files: a.csv\n    encoding: latin-1", "'exports.0.encoding' is wrong"),
        ("files: orders.csv", "files: a.csv\n    zone: Mars/Base", "no IANA time zone"),
        ("files: orders.csv", "files: a.csv\n    time_formats: []", "at least one format"),
        ("files: orders.csv", 'files: a.csv\n    time_formats: ["%Y-%m-%d %Q"]', "bad directive.*use iso, or"),
        ("files: orders.csv", 'files: a.csv\n    time_formats: ["%Y-%m"]', "names no whole date"),
        ("files: orders.csv", 'files: a.csv\n    time_formats: ["%H:%M"]', "names no whole date"),
        ("files: orders.csv", 'files: a.csv\n    time_formats: ["%Y-%m-%d %I:%M"]', "%I counts to 12, so it needs %p"),
        ("files: orders.csv", 'files: a.csv\n    time_formats: ["%Y-%m-%d %H:%M %Z"]', "%Z is no offset: .*`zone`"),
        ("files: orders.csv", "files: a.csv\n    delimiter: tab", "one character, as in .*, or whitespace"),
        ("files: orders.csv", "files: a.csv\n    delimiter: '\"'", "one character, as in .*, or whitespace"),
        ("files: orders.csv", "files: a.parquet\n    headers: [made, sum]", "a Parquet file has no headers"),
        ("files: orders.csv", 'files: a.csv\n    snapshot_at: "2020-03-01T00:00:00"', "has no offset"),
        ("files: orders.csv", 'files: a.csv\n    snapshot_at: "March"', "no instant"),
        ("files: orders.csv", "files: a.csv\n    snapshot_at: 2020-03-01", "quote it"),
        ("files: orders.csv", 'files: a.csv\n    decimal_mark: ","\n    thousands_mark: ","', "are the same"),
        ("      columns:", "      where: {column: sum}\n      columns:", "exactly one of above, below, one_of"),
        ("    order:\n", "    orders:\n", "unknown key 'exports.0.orders'"),
    ],
)
def test_a_mistake_is_refused_with_key_and_remedy(mapping, old, new, message):
    assert old in GOOD
    with pytest.raises(ConfigError, match=message) as caught:
        mapping(GOOD.replace(old, new, 1))
    assert "shop.yaml" in str(caught.value)


def test_an_export_of_nothing_is_refused(mapping):
    with pytest.raises(ConfigError, match="holds no entity"):
        mapping("exports:\n  - files: a.csv\n")


def test_made_up_members_do_not_mix_with_a_member_list(mapping):
    member = "    member:\n      columns: {customer_id: id}\n"
    with pytest.raises(ConfigError, match="beside a member list"):
        mapping(GOOD + member + "synthetic_contacts: true\n")


def test_a_mapping_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such file"):
        load_mapping("nothing", tmp_path)


def test_the_example_of_the_documentation_loads(mapping):
    page = (ROOT / "docs" / "adding_a_source.md").read_text(encoding="utf-8")
    example = dedent(page.split("```yaml")[1].split("```")[0])
    assert set(entities_of(mapping(example.lstrip("\n")).exports[0], Entity.ORDER)) == {Entity.ORDER, Entity.REFUND}


def test_every_example_of_the_documentation_loads(mapping):
    page = (ROOT / "docs" / "adding_a_source.md").read_text(encoding="utf-8")
    examples = [dedent(part.split("```")[0]).lstrip("\n") for part in page.split("```yaml")[1:]]
    loaded = [mapping(example) for example in examples]
    assert [len(each.exports) for each in loaded] == [1, 2]
    lines = entities_of(loaded[1].exports[1], Entity.ORDER)
    assert lines[Entity.ORDER].group_by == "Invoice"
