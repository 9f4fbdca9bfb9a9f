"""What agents say: every line kept or named, nothing twice, manual before inferred as of any instant."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import DatabaseError
from tests.sql.decide.building import SHOP, add_customer, insert, make_shop, rows

from touchpoint.db import Transaction
from touchpoint.errors import TouchpointError
from touchpoint.record import heads, manual
from touchpoint.record.manual import Imported, Refused
from touchpoint.settings import load_tags

AS_OF = datetime.fromisoformat("2026-06-01T12:00:00+08:00")
HEADING = "customer,tag,value,author,at,withdrawn\n"


def bring_in(tx: Transaction, lines: str, *, heading: str = HEADING, as_of: datetime = AS_OF) -> Imported:
    return manual.bring_in(tx, shop=make_shop(), text=heading + lines, vocabulary=load_tags().manual, as_of=as_of)


def said(tx: Transaction, at: datetime = AS_OF) -> list[tuple[object, ...]]:
    query = (
        "SELECT customer_id, tag, value, is_manual FROM record.tags_of(%(shop)s, %(at)s)"
        " JOIN facts.customers USING (customer_no) ORDER BY 1, 2"
    )
    return [tuple(row.values()) for row in rows(tx, query, shop=SHOP, at=at)]


def test_words_and_labels_of_any_locale_are_taken_and_the_same_file_again_adds_nothing(tx: Transaction) -> None:
    add_customer(tx, "b1")
    add_customer(tx, "b2")
    file = (
        "b1,temperament,stingy,Lin,2026-05-01,\n"
        "b2,性格,大方,Lin,2026-05-01T14:30,\n"
        "\n"
        "b2,Cares about,MATERIAL,Lin,2026-05-01T14:30+08:00,no\n"
        "b1,size,XXL,Lin,2026-05-02,\n"
    )
    assert bring_in(tx, file) == Imported(lines=4, added=4, unchanged=0, refused=[])
    assert bring_in(tx, file, as_of=AS_OF + timedelta(days=1)) == Imported(lines=4, added=0, unchanged=4, refused=[])
    assert said(tx) == [
        ("b1", "size", "XXL", True),
        ("b1", "temperament", "stingy", True),
        ("b2", "leaning", "material", True),
        ("b2", "temperament", "generous", True),
    ]
    (row,) = rows(tx, "SELECT author, happened_at, known_at FROM record.manual_tags WHERE value = 'stingy'")
    assert row == {
        "author": "Lin",
        "happened_at": datetime.fromisoformat("2026-05-01T00:00:00+08:00"),
        "known_at": AS_OF,
    }


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("nobody,temperament,stingy,Lin,2026-05-01,", "no customer 'nobody' of this shop"),
        ("guest,temperament,stingy,Lin,2026-05-01,", "'guest' is a guest"),
        (",temperament,stingy,Lin,2026-05-01,", "no customer"),
        ("b,mood,stingy,Lin,2026-05-01,", "no tag 'mood'"),
        ("b,temperament,dashing,Lin,2026-05-01,", "no value of temperament 'dashing'"),
        ("b,temperament,,Lin,2026-05-01,", "no value of temperament ''"),
        ("b,size,,Lin,2026-05-01,", "value is empty"),
        (f"b,size,{'X' * 61},Lin,2026-05-01,", "longer than 60"),
        ("b,size,X\x07L,Lin,2026-05-01,", "cannot be printed"),
        ("b,size,XL,,2026-05-01,", "author is empty"),
        ("b,size,XL,Lin,yesterday,", "at is 'yesterday'"),
        ("b,size,XL,Lin,2026-06-01T12:00:01,", "still to come"),
        ("b,size,XL,Lin,2026-05-01,maybe", "withdrawn is 'maybe'"),
        ("b,size,XL,Lin,2026-05-01", "5 values, the heading has 6"),
        ('b,size,"XL,Lin,2026-05-01,', "no CSV: unexpected end of data"),
    ],
)
def test_a_line_that_cannot_be_taken_is_named_and_the_others_are_kept(tx: Transaction, line: str, why: str) -> None:
    add_customer(tx, "b")
    insert(
        tx, "facts.customers", shop_id=SHOP, customer_id="guest", identity="0" * 32, identity_from="customer",
        known_at=AS_OF, is_guest=True,
    )  # fmt: skip
    done = bring_in(tx, f"b,temperament,quick,Lin,2026-05-01,\n{line}\n")
    assert (done.lines, done.added, [each.line for each in done.refused]) == (2, 1, [3])
    assert why in done.refused[0].reason


def test_a_line_is_named_by_where_it_begins(tx: Transaction) -> None:
    add_customer(tx, "b")
    done = bring_in(tx, 'b,size,"X\nL",Lin,2026-05-01,\nb,mood,x,Lin,2026-05-01,\n')
    assert [each.line for each in done.refused] == [2, 4]
    assert isinstance(done.refused[0], Refused)


@pytest.mark.parametrize(
    "heading",
    ["", "customer,tag,value,author\n", "customer,tag,value,author,at,mood\n", HEADING.replace("\n", ",at\n")],
)
def test_a_heading_that_names_other_columns_is_refused(tx: Transaction, heading: str) -> None:
    with pytest.raises(TouchpointError, match="the heading names"):
        bring_in(tx, "", heading=heading)


def test_formulas_and_markup_stay_text(tx: Transaction) -> None:
    add_customer(tx, "b")
    bring_in(tx, 'b,size,"=1+1",<b>Lin</b>,2026-05-01,\n')
    assert rows(tx, "SELECT value, author FROM record.manual_tags") == [{"value": "=1+1", "author": "<b>Lin</b>"}]


def inferred(tx: Transaction, customer: str, tag: str, value: str) -> None:
    given = {"shop_id": SHOP, "tag": tag, "customer_no": add_customer(tx, customer), "value": value}
    insert(tx, "record.customer_tags", **given, valid_from=AS_OF - timedelta(days=90))


def test_manual_beats_inferred_from_when_it_was_said_and_known_until_it_is_withdrawn(tx: Transaction) -> None:
    inferred(tx, "b", "life_stage", "mature")
    inferred(tx, "b", "payday", "10-15")
    bring_in(tx, "b,life_stage,student,Lin,2026-05-01,\n", as_of=AS_OF - timedelta(days=10))
    bring_in(tx, "b,life_stage,,Mei,2026-05-30,yes\n", as_of=AS_OF - timedelta(days=1))
    at = {
        "before it was known": (AS_OF - timedelta(days=11), "mature", False),
        "while it held": (AS_OF - timedelta(days=10), "student", True),
        "withdrawn, not known yet": (AS_OF - timedelta(days=1, seconds=1), "student", True),
        "withdrawn": (AS_OF - timedelta(days=1), "mature", False),
    }
    for when, (instant, value, is_manual) in at.items():
        assert said(tx, instant) == [("b", "life_stage", value, is_manual), ("b", "payday", "10-15", False)], when
        held = heads.effective(tx, shop=make_shop(), as_of=instant, tags="record.customer_tags")
        found = sorted((row["tag"], row["value"], row["is_manual"]) for row in held)
        assert found == [("life_stage", value, is_manual), ("payday", "10-15", False)], when


def test_one_customer_can_be_asked_alone(tx: Transaction) -> None:
    inferred(tx, "b", "payday", "10-15")
    inferred(tx, "c", "payday", "1-6")
    bring_in(tx, "b,size,XL,Lin,2026-05-01,\nc,size,M,Lin,2026-05-01,\n")
    found = heads.effective(
        tx, shop=make_shop(), as_of=AS_OF, tags="record.customer_tags", customer_no=add_customer(tx, "b")
    )
    assert {(row["tag"], row["value"]) for row in found} == {("payday", "10-15"), ("size", "XL")}


def test_the_latest_that_was_said_speaks_whatever_order_the_files_came_in(tx: Transaction) -> None:
    add_customer(tx, "b")
    bring_in(tx, "b,size,XL,Lin,2026-05-20,\n")
    bring_in(tx, "b,size,M,Lin,2026-05-10,\n")
    assert said(tx) == [("b", "size", "XL", True)]
    bring_in(tx, "b,size,S,Lin,2026-05-20,\n")
    assert said(tx) == [("b", "size", "S", True)], "of the same instant the one kept last"


def test_what_was_said_of_a_merged_customer_is_the_survivor_s(tx: Transaction) -> None:
    gone, stays = add_customer(tx, "gone"), add_customer(tx, "stays")
    bring_in(tx, "gone,size,XL,Lin,2026-05-01,\n", as_of=AS_OF - timedelta(days=9))
    insert(
        tx, "facts.merged_customers", customer_no=gone, shop_id=SHOP, survivor_no=stays,
        known_from=AS_OF - timedelta(days=5),
    )  # fmt: skip
    assert said(tx, AS_OF - timedelta(days=6)) == [("gone", "size", "XL", True)]
    assert said(tx) == [("stays", "size", "XL", True)]


def test_what_was_said_stays_said(tx: Transaction) -> None:
    add_customer(tx, "b")
    bring_in(tx, "b,size,XL,Lin,2026-05-01,\n")
    with pytest.raises(DatabaseError, match="append-only"), tx.connection.begin_nested():
        tx.connection.exec_driver_sql("UPDATE record.manual_tags SET value = 'M'")
