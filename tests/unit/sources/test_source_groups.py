"""One row per group of lines, values computed of others, and which lines are whose."""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext

import pyarrow
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.unit.sources.exports import WINDOW, Folder

from touchpoint.errors import ConfigError, SourceError
from touchpoint.model import Entity
from touchpoint.sources.files import numbers, parquet, reading
from touchpoint.sources.files.digests import digests
from touchpoint.sources.files.lines import Lines
from touchpoint.sources.files.numbers import total

INVOICES = """
- files: lines.csv
  every_line_lands: true
  order:
    where:
      - {column: doc, no_prefix: C}
      - {column: price, above: 0}
    group_by: doc
    distinct: [doc, item, qty, price, who]
    columns:
      order_id: doc
      customer_id: who
      created_at: made
      total: {product: [qty, price], decimals: 2, take: sum}
      item_count: {from: item, take: count, when: {column: item, none_of: [POST]}}
      currency: {constant: GBP}
  order_line:
    where: {column: doc, no_prefix: C}
    columns:
      order_id: doc
      line_id: {digest: [doc, item, qty, price, who]}
      quantity: qty
      kind: {from: item, words: {POST: service}, otherwise: goods}
      net: {product: [qty, price], decimals: 2}
      currency: {constant: GBP}
  refund:
    where: {column: doc, prefix: C}
    columns:
      refund_id: {digest: [doc, item, qty, price, who]}
      customer_id: who
      amount: {product: [qty, price, -1], decimals: 2}
      currency: {constant: GBP}
"""
HEADER = "doc,item,qty,price,who,made"


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path, zone="Europe/London")


@pytest.fixture
def invoices(folder):
    folder.text(
        "lines.csv",
        HEADER,
        "1,MUG,6,2.55,w,2026-01-05",
        "C9,MUG,-2,2.55,w,2026-01-05",
        "2,CUP,1,0,,2026-01-06",
        "1,POST,1,18.00,other,2026-01-07",
        "1,MUG,6,2.55,w,2026-01-08",
        "3,PIN,7,0.005,,2026-01-09",
    )
    return folder


def test_a_group_is_its_first_line_its_sums_and_its_counts(invoices):
    assert invoices.rows(INVOICES) == [
        # The line that stands twice counts once.
        {"order_id": "1", "customer_id": "w", "created_at": "2026-01-05T00:00:00+00:00", "total": "33.3",
         "item_count": "1", "currency": "GBP"},
        {"order_id": "3", "customer_id": None, "created_at": "2026-01-09T00:00:00+00:00", "total": "0.04",
         "item_count": "1", "currency": "GBP"},
    ]  # fmt: skip


def test_every_line_of_the_file_lands_as_a_line_or_a_refund(invoices):
    lines, refunds = (invoices.rows(INVOICES, entity, Entity.ORDER) for entity in (Entity.ORDER_LINE, Entity.REFUND))
    assert [(row["order_id"], row["net"], row["kind"]) for row in lines] == [
        ("1", "15.30", "goods"),
        ("2", "0.00", "goods"),
        ("1", "18.00", "service"),
        ("1", "15.30", "goods"),
        ("3", "0.04", "goods"),
    ]
    assert [row["amount"] for row in refunds] == ["5.10"]
    assert lines[0]["line_id"] == lines[3]["line_id"] != refunds[0]["refund_id"]


def test_a_line_that_would_be_left_out_is_refused_where_every_line_has_to_land(invoices):
    forgets = INVOICES.replace("where: {column: doc, no_prefix: C}", "where: {column: item, one_of: [MUG]}")
    with pytest.raises(SourceError, match=r"lines\.csv: 3 lines fit no `where` of order_line, refund"):
        invoices.rows(forgets)


def test_every_line_that_is_part_of_an_order_has_landed_where_no_lines_are_mapped(folder):
    folder.text("lines.csv", "doc,sum,made", "1,5.00,2026-01-05 10:00:00", "1,6.00,2026-01-05 10:00:00", "C2,1.00,x")
    exports = """
    - files: lines.csv
      every_line_lands: true
      order:
        where: {column: doc, no_prefix: C}
        group_by: doc
        columns:
          order_id: doc
          customer_id: doc
          created_at: made
          total: {from: sum, take: sum}
          currency: {constant: GBP}
      refund:
        where: {column: doc, prefix: C}
        columns: {refund_id: doc, amount: sum, currency: {constant: GBP}}
    """
    assert [(row["order_id"], row["total"]) for row in folder.rows(exports)] == [("1", "11")]
    with pytest.raises(SourceError, match="1 lines fit no `where` of order, refund"):
        folder.rows(exports.replace("prefix: C}\n        columns: {refund", "prefix: D}\n        columns: {refund"))


LOG = """
- files: log.csv
  order:
    columns:
      order_id: {digest: [who, made, sum], numbered: true}
      customer_id: who
      created_at: made
      total: sum
      currency: {constant: GBP}
  order_line:
    where: {column: sum, above: 1}
    columns:
      order_id: who
      line_id: {number_within: [who, made]}
      quantity: {constant: "1"}
      net: sum
      currency: {constant: GBP}
"""


def test_two_purchases_that_say_the_same_stay_two_in_any_blocks_and_again(folder, monkeypatch):
    day = "2026-01-05 10:00:00"
    folder.text("log.csv", "who,made,sum", *[f"a,{day},5", f"a,{day},5", f"b,{day},5", f"a,{day},1", f"a,{day},5"] * 9)
    rows = folder.rows(LOG)
    assert len({row["order_id"] for row in rows}) == 45
    lines = folder.rows(LOG, Entity.ORDER_LINE, Entity.ORDER)
    assert [row["line_id"] for row in lines if row["order_id"] == "a"][:4] == ["1", "2", "4", "5"]  # 3 is none of these
    assert len({(row["order_id"], row["line_id"]) for row in lines}) == len(lines) == 36
    monkeypatch.setattr(reading, "Lines", lambda stream, layout: Lines(stream, layout, block=60))
    assert folder.rows(LOG) == rows
    assert folder.rows(LOG, Entity.ORDER_LINE, Entity.ORDER) == lines


def test_without_a_number_a_digest_is_what_the_line_says(folder):
    folder.text("log.csv", "who,made,sum", *["a,2026-01-05 10:00:00,5"] * 2)
    plain, first = folder.rows(LOG.replace(", numbered: true", "")), folder.rows(LOG)
    assert plain[0]["order_id"] == plain[1]["order_id"] == first[0]["order_id"] != first[1]["order_id"]
    with pytest.raises(ConfigError, match="`numbered` goes with `digest`"):
        folder.source(LOG.replace("{digest: [who, made, sum], numbered: true}", "{from: who, numbered: true}"))


def test_groups_come_with_the_mark_after_all_lines(invoices):
    pages = list(invoices.source(INVOICES).read(Entity.ORDER, WINDOW))
    assert [sorted(page.tables) for page in pages] == [["order_line", "refund"], ["order"]]
    assert [page.file is None for page in pages] == [True, False]


def test_made_up_contacts_are_of_the_customers_of_the_groups(invoices):
    source = invoices.source(INVOICES, rest="synthetic_contacts: true")
    [page] = source.read(Entity.MEMBER, WINDOW)
    [member] = page.tables[Entity.MEMBER].to_pylist()
    assert (member["customer_id"], member["joined_at"]) == ("w", "2026-01-05T00:00:00+00:00")


def test_a_group_over_a_file_in_many_blocks_is_the_same(folder, monkeypatch):
    count = 500
    columns = {
        "doc": [f"{number % 97}" for number in range(count)],
        "item": ["MUG"] * count,
        "qty": list(range(count)),
        "price": [0.1] * count,
        "who": [f"{number}" for number in range(count)],
        "made": ["2026-01-05"] * count,
    }
    folder.parquet("lines.parquet", columns)
    exports = INVOICES.replace("lines.csv", "lines.parquet")
    whole = folder.rows(exports)
    monkeypatch.setattr(parquet.ParquetRows.__init__, "__kwdefaults__", {"rows": 7})
    assert folder.rows(exports) == whole
    assert sum(Decimal(row["total"]) for row in whole) == Decimal(sum(range(count))) / 10


def test_a_sum_with_a_value_that_is_no_number_is_that_value(folder):
    folder.text("lines.csv", HEADER, "1,MUG,6,2.55,w,2026-01-05", "1,CUP,six,1.00,w,2026-01-05")
    assert [row["total"] for row in folder.rows(INVOICES)] == ["six"]


@pytest.mark.parametrize(
    ("condition", "kept"),
    [
        ("above: 2", ["3", "x"]),  # what is no number is for the gate to judge, an empty value is none
        ("below: 2", ["1", "x"]),
        ('one_of: ["1", x]', ["1", "x"]),
        ('none_of: ["1", x]', ["2", "3", None]),
        ('prefix: "x"', ["x"]),
        ('no_prefix: "x"', ["1", "2", "3", None]),
        ("present: true", ["1", "2", "3", "x"]),
        ("present: false", [None]),
    ],
)
def test_conditions_choose_lines(folder, condition, kept):
    folder.text("lines.csv", "id,value", "a,1", "b,2", "c,3", "d,x", "e,")
    exports = f"""
- files: lines.csv
  product:
    where: {{column: value, {condition}}}
    columns: {{product_id: id, series: value, currency: {{constant: GBP}}}}
"""
    assert [row["series"] for row in folder.rows(exports, Entity.PRODUCT)] == kept
    # The same condition on a column leaves the line, and the value out.
    on_column = exports.replace(f"    where: {{column: value, {condition}}}\n", "").replace(
        "series: value", f"series: {{from: value, when: {{column: value, {condition}}}}}"
    )
    found = [row["series"] for row in folder.rows(on_column, Entity.PRODUCT)]
    assert found == [value if value in kept else None for value in ("1", "2", "3", "x", None)]


def test_the_latest_instant_wins_and_what_is_none_does_not_hide_it(folder):
    folder.text(
        "lines.csv",
        "doc,a,b,when",
        "1,2026-01-05,2026-01-06,gone",
        "2,2026-01-07,,gone",
        "3,soon,2026-01-06,gone",
        "4,,soon,gone",
        "5,,,gone",
        "6,2026-01-07,2026-01-06,kept",
        "7,2026-02-30T00:00:00+08:00,2026-01-06,gone",
    )
    exports = """
- files: lines.csv
  order:
    columns:
      order_id: doc
      customer_id: doc
      created_at: a
      closed_at: {latest: [a, b], when: {column: when, one_of: [gone]}}
      total: {constant: "1"}
      currency: {constant: GBP}
"""
    day = "2026-01-{}T00:00:00+00:00".format
    assert [row["closed_at"] for row in folder.rows(exports)] == [
        day("06"),
        day("07"),
        day("06"),
        "soon",
        None,
        None,
        day("06"),
    ]


AMOUNTS = """
- files: lines.csv
  delimiter: ";"
  decimal_mark: ","
  order:
    columns:
      order_id: doc
      customer_id: doc
      created_at: {first_of: [made, shipped]}
      total: {sum: [goods, freight, wrapping]}
      paid: {first_of: [paid, goods]}
      currency: {constant: GBP}
"""


def test_amounts_of_several_columns_are_added_up_exactly(folder):
    folder.text(
        "lines.csv",
        "doc;made;shipped;goods;freight;wrapping;paid",
        "1;2026-01-05;;0,10;0,20;;0,25",
        "2;;2026-01-06;1000,005;-0,5;1;",
        "3;2026-01-05;2026-01-06;;;;",
        "4;2026-01-05;;1,00;free;2,00;soon",
        "5;2026-01-05;; 7 ;0;0;",
    )
    rows = folder.rows(AMOUNTS)
    assert [row["total"] for row in rows] == ["0.3", "1000.505", None, "free", "7"]
    assert [row["paid"] for row in rows] == ["0.25", "1000.005", None, "soon", "7"]
    assert [row["created_at"][8:10] for row in rows] == ["05", "06", "05", "05", "05"]


def test_amounts_of_a_lookup_and_of_typed_columns_add_up_too(folder):
    folder.parquet("lines.parquet", {"doc": ["1", "2"], "made": ["2026-01-05"] * 2})
    folder.parquet("sums.parquet", {"doc": ["1", "1", "2"], "a": [0.1, 0.7, None], "b": [2, 3, None]})
    exports = """
- files: lines.parquet
  lookups: {sums: {files: sums.parquet, key: doc}}
  order:
    columns:
      order_id: doc
      customer_id: doc
      created_at: made
      total: {lookup: sums, sum: [a, b], take: sum}
      paid: {lookup: sums, first_of: [a, b], take: first}
      currency: {constant: GBP}
"""
    assert [(row["total"], row["paid"]) for row in folder.rows(exports)] == [("5.8", "0.1"), (None, None)]


def test_a_sum_of_columns_is_taken_of_each_line_of_a_group(folder):
    folder.text("lines.csv", "doc,made,a,b", "1,2026-01-05,1,2", "1,2026-01-05,3,", "2,2026-01-06,,")
    exports = """
- files: lines.csv
  order:
    group_by: doc
    columns:
      order_id: doc
      customer_id: doc
      created_at: made
      total: {sum: [a, b], take: sum}
      currency: {constant: GBP}
"""
    assert [row["total"] for row in folder.rows(exports)] == ["6", None]


AMOUNT = st.none() | st.decimals(-(10**9), 10**9, places=4, allow_nan=False).map(lambda each: format(each, "f"))


@given(st.lists(st.tuples(AMOUNT, AMOUNT, AMOUNT), min_size=1, max_size=20))
def test_sums_are_those_of_plain_arithmetic(rows):
    columns = [pyarrow.array([row[at] for row in rows], pyarrow.string()) for at in range(3)]
    for row, found in zip(rows, total(columns).to_pylist(), strict=True):
        told = [Decimal(value) for value in row if value is not None]
        assert (None if found is None else Decimal(found)) == (sum(told) if told else None)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("    group_by: doc\n", "", "`distinct` goes with `group_by`"),
        (", take: sum}", "}", None),
        ("net: {product: [qty, price], decimals: 2}", "net: {product: [qty, price]}", "`decimals` goes with `product`"),
        ("net: {product: [qty, price], decimals: 2}", "net: {product: [qty], decimals: 2}", "net.product"),
        ("net: {product: [qty, price], decimals: 2}", "net: {from: qty, decimals: 2}", "`product` with `decimals`"),
        ("quantity: qty", "quantity: {latest: [made]}", "quantity is no instant, so it takes no `latest`"),
        ("quantity: qty", "quantity: {from: qty, take: sum}", "`take` goes with either"),
        ("{column: doc, prefix: C}", "{column: doc, prefix: C, above: 0}", "exactly one of above, below"),
        ("{column: doc, prefix: C}", "{column: doc, begins: C}", "unknown key"),
    ],
)
def test_a_mistake_is_refused_with_key_and_remedy(invoices, old, new, message):
    assert old in INVOICES
    if message is None:
        assert invoices.rows(INVOICES.replace(old, new, 1))
        return
    with pytest.raises(ConfigError, match=message):
        invoices.source(INVOICES.replace(old, new, 1))


FACTORS = st.one_of(
    st.none(),
    st.sampled_from(["x", "1e3", "+2", "-0", "007", "1.", ".5", "٣"]),
    st.integers(-(10**14), 10**14).map(str),
    st.decimals(-(10**7), 10**7, places=4, allow_nan=False, allow_infinity=False).map(lambda value: format(value, "f")),
)


@given(st.lists(st.tuples(FACTORS, FACTORS), min_size=1, max_size=20), st.sampled_from([1, -1, 3]), st.integers(0, 4))
@example([("6", "2.55"), ("1", "0.005")], 1, 2)
@settings(max_examples=300)
def test_products_are_exact_by_both_ways_of_making_them(rows, times, places):
    columns = [pyarrow.array([row[at] for row in rows], pyarrow.string()) for at in (0, 1)]
    found = numbers.product(columns, times, places).to_pylist()
    one_by_one = [
        numbers.product([pyarrow.array([value]).cast(pyarrow.string()) for value in (*row, "1")], times, places)
        for row in rows
    ]
    assert found == [value for [value] in (made.to_pylist() for made in one_by_one)]
    for row, text in zip(rows, found, strict=True):
        if all(value is not None and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) for value in row):
            with localcontext(prec=60):
                exact = Decimal(row[0]) * Decimal(row[1]) * times
                assert Decimal(text) == exact.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


VALUES = st.one_of(st.none(), st.text(st.sampled_from("a1:,-"), max_size=4))


@given(st.lists(st.tuples(VALUES, VALUES, VALUES), min_size=2, max_size=8))
def test_lines_share_a_digest_only_if_they_say_the_same(rows):
    columns = [pyarrow.array([row[at] for row in rows], pyarrow.string()) for at in range(3)]
    found = digests(columns).to_pylist()
    for left, one in zip(rows, found, strict=True):
        for right, other in zip(rows, found, strict=True):
            assert (one == other) == (left == right)


def test_no_lines_no_digests():
    assert digests([pyarrow.array([], pyarrow.string())]).to_pylist() == []
