"""Columns looked up in other exports of the folder."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.sources.exports import WINDOW, Folder

from touchpoint.errors import ConfigError, SourceError, SourceUnavailable
from touchpoint.model import Entity

EXPORTS = """
- files: orders.csv
  lookups:
    customers: {files: customers.csv, key: id, by: customer}
    payments: {files: "payments*", key: order, by: id, sorted_by: nth}
  order:
    columns:
      order_id: id
      customer_id: {lookup: customers, from: person}
      created_at: made
      payment_kind: {lookup: payments, from: kind, take: first, words: {credit_card: card}}
      total: {lookup: payments, from: value, take: sum}
      item_count: {lookup: payments, from: value, take: count}
      status: {lookup: payments, present: kind, take: first, then: known, otherwise: unknown}
      currency: {constant: BRL}
"""
FIELDS = ("order_id", "customer_id", "payment_kind", "total", "item_count", "status")


@pytest.fixture
def folder(tmp_path):
    folder = Folder(tmp_path)
    folder.text("orders.csv", "id,customer,made", "1,a,2026-01-05", "2,b,2026-01-05", "3,,2026-01-05")
    folder.text("customers.csv", "id,person", "b,Bo", "a,An", "c,Cy")
    # Numbers as numbers: 10 comes after 9.
    folder.text("payments.csv", "order,nth,kind,value", "1,10,voucher,0.10", "1,9,credit_card,0.20", "2,1,boleto,x")
    return folder


def test_each_value_is_found_by_its_key(folder):
    rows = [tuple(row[name] for name in FIELDS) for row in folder.rows(EXPORTS)]
    assert rows == [
        ("1", "An", "card", "0.3", "2", "known"),
        # What is no number is no sum: the gate shall say.
        ("2", "Bo", "boleto", "x", "1", "known"),
        ("3", None, None, None, None, "unknown"),
    ]


def test_a_key_is_found_whatever_its_type(folder):
    folder.parquet("customers.parquet", {"id": [1.0, 2.0], "person": ["An", "Bo"]})
    folder.text("orders.csv", "id,customer,made", "1,2,2026-01-05")
    found = folder.rows(EXPORTS.replace("customers.csv", "customers.parquet"))
    assert found[0]["customer_id"] == "Bo"


def test_several_files_are_one_lookup(folder):
    folder.text("payments_2.csv", "order,nth,kind,value", "3,1,card,5")
    assert folder.rows(EXPORTS)[2]["total"] == "5"


def test_the_latest_of_several_columns_may_stand_in_a_lookup(folder):
    """As of a payment that has no time but those of its order."""
    folder.text("made.csv", "order,made,approved", "1,2026-01-05,2026-01-06", "2,2026-01-05,")
    exports = """
  - files: "payments_1.csv"
    lookups:
      orders: {files: made.csv, key: order}
    payment:
      columns:
        payment_id: {digest: [order, nth]}
        order_id: order
        amount: value
        currency: {constant: EUR}
        happened_at: {lookup: orders, latest: [made, approved]}
"""
    folder.text("payments_1.csv", "order,nth,value", "1,1,5", "2,1,6", "9,1,7")
    found = [row["happened_at"] for row in folder.rows(exports, Entity.PAYMENT)]
    assert [at and at[:10] for at in found] == ["2026-01-06", "2026-01-05", None]


def test_a_repeated_key_is_refused_where_one_value_is_asked_for(folder):
    folder.text("customers.csv", "id,person", "a,An", "a,Other")
    with pytest.raises(SourceError, match=r"customers\.csv: 1 lines repeat a 'id'.*take: first") as caught:
        folder.rows(EXPORTS)
    assert "Other" not in str(caught.value)


def test_a_line_of_a_lookup_that_cannot_be_read_is_named(folder):
    folder.text("customers.csv", "id,person", "a,An", "b")
    with pytest.raises(SourceError, match=r"customers\.csv: line 3 of a file that is looked up.*correct the line"):
        folder.rows(EXPORTS)


def test_a_column_a_lookup_lacks_is_named(folder):
    folder.text("customers.csv", "id,name", "a,An")
    with pytest.raises(SourceError, match=r"customers\.csv: no single column 'person'.*columns found: id, name"):
        folder.rows(EXPORTS)


def test_the_column_that_holds_the_key_has_to_be_there(folder):
    folder.text("orders.csv", "id,made", "1,2026-01-05")
    with pytest.raises(SourceError, match=r"no column 'customer'.*lookups\.customers"):
        folder.rows(EXPORTS)


def test_a_lookup_without_files_is_looked_for_again_later(folder):
    (folder.path / "data" / "customers.csv").unlink()
    with pytest.raises(SourceUnavailable, match=r"no file 'customers\.csv'"):
        folder.rows(EXPORTS)


def test_a_lookup_of_no_lines_finds_nothing(folder):
    folder.text("customers.csv", "id,person")
    assert folder.rows(EXPORTS)[0]["customer_id"] is None


def test_an_export_is_read_again_when_what_it_is_looked_up_in_changes(folder):
    *_, last = folder.source(EXPORTS).read(Entity.ORDER, WINDOW)
    read = frozenset({(last.file.path, last.file.digest)})
    assert not list(folder.source(EXPORTS, read).read(Entity.ORDER, WINDOW))
    folder.text("customers.csv", "id,person", "a,Ann")
    [page] = folder.source(EXPORTS, read).read(Entity.ORDER, WINDOW)
    assert page.tables[Entity.ORDER].to_pylist()[0]["customer_id"] == "Ann"


def test_an_export_that_is_listed_twice_is_known_as_one(folder):
    twice = (
        EXPORTS
        + """
- files: orders.csv
  refund:
    columns: {refund_id: id, amount: {constant: "1"}, currency: {constant: BRL}}
"""
    )
    pages = list(folder.source(twice).read(Entity.ORDER, WINDOW))
    marks = {(page.file.path, page.file.digest) for page in pages if page.file}
    assert len(marks) == 1
    assert not list(folder.source(twice, frozenset(marks)).read(Entity.ORDER, WINDOW))


def test_sums_read_amounts_as_the_export_writes_them(folder):
    folder.text("orders.csv", "id;customer;made", "1;a;2026-01-05")
    folder.text("customers.csv", "id;person", "a;An")
    folder.text("payments.csv", "order;nth;kind;value", "1;1;card;1.234,50", "1;2;card;0,25")
    marks = 'delimiter: ";"\n  decimal_mark: ","\n  thousands_mark: "."\n  lookups:'
    assert folder.rows(EXPORTS.replace("lookups:", marks, 1))[0]["total"] == "1234.75"


def test_files_of_a_lookup_that_differ_in_type_are_an_error(folder):
    (folder.path / "data" / "payments.csv").unlink()
    for name, values in (("payments_1.parquet", [1.5]), ("payments_2.parquet", ["x"])):
        folder.parquet(name, {"order": ["1"], "nth": [1], "kind": ["card"], "value": values})
    with pytest.raises(SourceError, match=r"payments\*.*one type in one file.*export the files alike"):
        folder.rows(EXPORTS)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("lookup: customers, from: person", "lookup: buyers, from: person", "no lookup 'buyers'; known lookups: cust"),
        (
            "{lookup: customers, from: person}",
            "{lookup: customers, constant: x}",
            "`lookup` goes with `from`, `pres",
        ),
        ("{lookup: customers, from: person}", "{from: customer, take: first}", "`take` goes with either a `lookup`"),
        ("take: count", "take: average", "'exports.0.order.columns.item_count.take' is wrong"),
        ("files: customers.csv", "files: ../customers.csv", "leaves the folder"),
        ("by: customer}", "by: customer, also: x}", "unknown key 'exports.0.lookups.customers.also'"),
    ],
)
def test_a_mistake_is_refused_with_key_and_remedy(folder, old, new, message):
    assert old in EXPORTS
    with pytest.raises(ConfigError, match=message):
        folder.rows(EXPORTS.replace(old, new, 1))


AMOUNTS = st.lists(
    st.tuples(st.sampled_from("abc"), st.one_of(st.none(), st.decimals(-999, 999, places=2, allow_nan=False))),
    max_size=30,
)


@given(AMOUNTS)
@settings(max_examples=60, deadline=None)
def test_sums_and_counts_are_those_of_plain_arithmetic(tmp_path_factory, amounts):
    folder = Folder(tmp_path_factory.mktemp("folder"))
    folder.text("orders.csv", "id,customer,made", *(f"{key},{key},2026-01-05" for key in "abc"))
    folder.text("customers.csv", "id,person", "a,An")
    lines = (f"{key},{nth},card,{'' if value is None else value}" for nth, (key, value) in enumerate(amounts))
    folder.text("payments.csv", "order,nth,kind,value", *lines)
    found = {row["order_id"]: row for row in folder.rows(EXPORTS)}
    for key in "abc":
        values = [value for name, value in amounts if name == key and value is not None]
        total, count = found[key]["total"], found[key]["item_count"]
        assert (total is None) == (not values)
        assert total is None or Decimal(total) == sum(values)
        assert int(count or 0) == len(values)
