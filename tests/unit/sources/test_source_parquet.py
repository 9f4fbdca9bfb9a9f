"""Parquet exports: typed values as landing takes them, bounded memory, and files that are damaged."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.sources.conformance import conforms
from tests.unit.sources.exports import WINDOW, Folder

from touchpoint.errors import ConfigError, SourceError, SourceUnavailable
from touchpoint.model import Entity
from touchpoint.sources.files import parquet, typed
from touchpoint.sources.files.numbers import plain_number

ORDERS = """
- files: orders.parquet
  order:
    columns:
      order_id: id
      customer_id: customer
      created_at: made
      total: total
      currency: {constant: CNY}
"""
MADE = datetime(2026, 1, 5, 10, 30)  # noqa: DTZ001 - what a Parquet file without zones holds


def orders(count: int = 2) -> dict[str, object]:
    return {
        "id": pyarrow.array(range(count), pyarrow.int64()),
        "customer": pyarrow.array([12346.0] * count, pyarrow.float64()),
        "made": pyarrow.array([MADE] * count, pyarrow.timestamp("us")),
        "total": pyarrow.array([Decimal("12.50")] * count, pyarrow.decimal128(12, 2)),
    }


@pytest.fixture
def folder(tmp_path):
    return Folder(tmp_path)


def test_a_table_lands_as_text_with_the_zone_of_the_export(folder):
    folder.parquet("orders.parquet", orders())
    assert folder.rows(ORDERS)[1] == {
        "order_id": "1",
        "customer_id": "12346",
        "created_at": "2026-01-05T10:30:00+08:00",
        "total": "12.5",
        "currency": "CNY",
    }


def test_it_conforms(folder):
    folder.parquet("orders.parquet", orders(50))
    conforms(lambda: folder.source(ORDERS), Entity.ORDER, WINDOW)


def test_many_blocks_give_the_rows_of_one(folder, monkeypatch):
    path = folder.parquet("orders.parquet", orders(1000), row_group_size=300)
    whole = folder.rows(ORDERS)
    monkeypatch.setattr(parquet.ParquetRows.__init__, "__kwdefaults__", {"rows": 64})
    pages = list(folder.source(ORDERS).read(Entity.ORDER, WINDOW))
    assert [row for page in pages for row in page.tables[Entity.ORDER].to_pylist()] == whole
    assert max(page.tables[Entity.ORDER].num_rows for page in pages) <= 64
    assert [page.file is None for page in pages] == [True] * (len(pages) - 1) + [False]
    assert pages[-1].file.digest == hashlib.sha256(path.read_bytes()).hexdigest()


def test_what_was_read_is_not_read_again_and_a_new_version_is(folder):
    folder.parquet("orders.parquet", orders())
    *_, last = folder.source(ORDERS).read(Entity.ORDER, WINDOW)
    read = frozenset({(last.file.path, last.file.digest)})
    assert not list(folder.source(ORDERS, read).read(Entity.ORDER, WINDOW))
    folder.parquet("orders.parquet", orders(3))
    assert list(folder.source(ORDERS, read).read(Entity.ORDER, WINDOW))


@pytest.mark.parametrize("keep", [0, 3, 100, -1, -9])
def test_a_file_that_breaks_off_is_an_error_that_names_it_and_what_to_do(folder, keep):
    path = folder.parquet("orders.parquet", orders(500))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(SourceError, match=r"orders\.parquet.*damaged.*export it again"):
        folder.rows(ORDERS)


def test_damage_within_is_an_error_too(folder):
    path = folder.parquet("orders.parquet", orders(5000))
    data = bytearray(path.read_bytes())
    data[20:400] = bytes(380)
    path.write_bytes(bytes(data))
    with pytest.raises(SourceError, match=r"orders\.parquet.*damaged"):
        folder.rows(ORDERS)


def test_a_file_that_goes_away_is_looked_for_again_later(folder, monkeypatch):
    path = folder.parquet("orders.parquet", orders())
    source = folder.source(ORDERS)
    pages = source.read(Entity.ORDER, WINDOW)
    due = source._due
    monkeypatch.setattr(source, "_due", lambda entity: [due(entity), path.unlink()][0])
    with pytest.raises(SourceUnavailable, match=r"orders\.parquet"):
        list(pages)


def test_a_column_of_lists_is_refused_by_name(folder):
    folder.parquet("orders.parquet", {**orders(), "total": pyarrow.array([[1], [2]])})
    with pytest.raises(SourceError, match="column 'total' holds list"):
        folder.rows(ORDERS)


def test_a_missing_column_is_named(folder):
    folder.parquet("orders.parquet", {name: column for name, column in orders().items() if name != "made"})
    with pytest.raises(SourceError, match=r"no column 'made'.*order\.created_at.*columns found: id, customer, total"):
        folder.rows(ORDERS)


def test_text_that_is_no_utf8_goes_to_quarantine_alone(folder):
    raw = pyarrow.array([b"A", b"\xff\x00", b"", None], pyarrow.binary())
    names = pyarrow.Array.from_buffers(pyarrow.string(), 4, raw.buffers(), raw.null_count)
    folder.parquet("orders.parquet", {**orders(4), "customer": names})
    pages = list(folder.source(ORDERS).read(Entity.ORDER, WINDOW))
    assert [row["customer_id"] for page in pages for row in page.tables[Entity.ORDER].to_pylist()] == ["A", None, None]
    [bad] = [line for page in pages for line in page.malformed]
    assert (bad.line_no, bad.reason) == (2, "text that is not UTF-8")
    assert "customer=\\xff\\x00" in bad.text


def test_columns_of_other_kinds_land_as_well(folder):
    kinds = {
        "id": pyarrow.array(["a", "b"]).dictionary_encode(),
        "customer": pyarrow.array(["x", ""], pyarrow.large_string()),
        # Finer than PostgreSQL keeps, and at the end of what such a type holds.
        "made": pyarrow.array([1_767_580_200_123_456_789, 2**63 - 1], pyarrow.timestamp("ns")),
        "total": pyarrow.nulls(2),
    }
    folder.parquet("orders.parquet", kinds)
    first, second = folder.rows(ORDERS)
    assert (first["order_id"], first["customer_id"], first["total"]) == ("a", "x", None)
    assert (first["created_at"], second["customer_id"]) == ("2026-01-05T02:30:00.123456+08:00", None)
    assert second["created_at"].startswith("2262-04-11T23:47:16")


def test_a_file_of_no_rows_is_read_and_marked(folder):
    folder.parquet("orders.parquet", orders(0))
    [page] = folder.source(ORDERS).read(Entity.ORDER, WINDOW)
    assert page.file is not None
    assert not page.tables


def test_parquet_by_another_name_is_said_in_the_mapping(folder):
    folder.parquet("orders.pq", orders())
    said = ORDERS.replace("files: orders.parquet", "files: orders.pq\n  format: parquet")
    assert len(folder.rows(said)) == 2


@pytest.mark.parametrize("key", ["encoding: gbk", 'delimiter: ";"', "quoted_newlines: true", 'decimal_mark: ","'])
def test_how_text_is_written_is_not_said_of_parquet(folder, key):
    with pytest.raises(ConfigError, match=f"a Parquet file has no {key.split(':')[0]}"):
        folder.source(ORDERS.replace("orders.parquet", f"orders.parquet\n  {key}"))


@pytest.mark.parametrize(
    ("column", "texts"),
    [
        # A key that was a float because some are missing.
        (pyarrow.array([12346.0, None, float("nan"), -3.0]), ["12346", None, None, "-3"]),
        # Binary sums say 0.30000000000000004, large and small floats are written with exponents.
        (pyarrow.array([0.1 + 0.2, 2.55, 1e21, 1e-7]), ["0.3", "2.55", "1000000000000000000000", "0.0000001"]),
        (pyarrow.array([9007199254740991.0, -0.0, float("inf")]), ["9007199254740991", "0", "inf"]),
        (pyarrow.array([1.1, 16777216.0], pyarrow.float32()), ["1.1", "16777216"]),
        (pyarrow.array([Decimal("12.50"), Decimal("100.00")]), ["12.5", "100"]),
        (pyarrow.array([Decimal("0E-12")], pyarrow.decimal128(30, 12)), ["0"]),
        (pyarrow.array([2**63], pyarrow.uint64()), ["9223372036854775808"]),
        (pyarrow.array([True, None, False]), ["true", None, "false"]),
        (pyarrow.array([date(2026, 1, 5)]), ["2026-01-05"]),
        (pyarrow.array([MADE], pyarrow.timestamp("s")), ["2026-01-05T10:30:00"]),
        (pyarrow.array([MADE.replace(microsecond=5000)], pyarrow.timestamp("us")), ["2026-01-05T10:30:00.005"]),
        (pyarrow.array([MADE], pyarrow.timestamp("us", "UTC")), ["2026-01-05T10:30:00+00:00"]),
    ],
)  # fmt: skip
def test_values_are_text_without_artefacts(column, texts):
    assert typed.text(column).to_pylist() == texts


@pytest.mark.parametrize(
    ("column", "text"),
    [
        # Naive: the export's zone; a time twice is the earlier, one skipped the first instant after the gap.
        (pyarrow.array([datetime(2018, 2, 17, 23, 30)]), "2018-02-17T23:30:00-02:00"),  # noqa: DTZ001
        (pyarrow.array([datetime(2017, 10, 15)]), "2017-10-15T00:00:00-03:00"),  # noqa: DTZ001
        # With a zone: as they are, whatever the export's.
        (pyarrow.array([datetime(2018, 2, 17, 23, 30, tzinfo=UTC)]), "2018-02-17T23:30:00+00:00"),
        (
            pyarrow.array([datetime(2018, 7, 1, 12, tzinfo=UTC)], pyarrow.timestamp("ms", "Europe/London")),
            "2018-07-01T13:00:00+01:00",
        ),
        (
            pyarrow.array([datetime(2018, 7, 1, tzinfo=UTC)], pyarrow.timestamp("s", "+05:30")),
            "2018-07-01T05:30:00+05:30",
        ),
        # A day is its midnight.
        (pyarrow.array([date(2018, 7, 1)]), "2018-07-01T00:00:00-03:00"),
    ],
)
def test_times_carry_their_offset(column, text):
    assert typed.instants(column, ZoneInfo("America/Sao_Paulo")).to_pylist() == [text]


def test_a_time_no_calendar_holds_stays_visible_and_costs_no_other():
    column = pyarrow.array([2**60, 0, None], pyarrow.timestamp("s"))
    first, second, third = typed.instants(column, ZoneInfo("UTC")).to_pylist()
    assert "out of range" in first
    assert (second, third) == ("1970-01-01T00:00:00+00:00", None)


def test_plus_is_real_time_for_typed_times_too():
    column = pyarrow.array([datetime(2026, 3, 29, 0, 30)])  # noqa: DTZ001 - the night London puts its clocks on
    moved = typed.instants(column, ZoneInfo("Europe/London"), timedelta(hours=2))
    assert moved.to_pylist() == ["2026-03-29T03:30:00+01:00"]


def test_a_birthday_kept_as_a_timestamp_is_a_day():
    column = pyarrow.array([datetime(1990, 5, 1)])  # noqa: DTZ001
    assert typed.days(column, ZoneInfo("Asia/Shanghai")).to_pylist() == ["1990-05-01"]
    aware = pyarrow.array([datetime(1990, 4, 30, 20, tzinfo=UTC)])
    assert typed.days(aware, ZoneInfo("Asia/Shanghai")).to_pylist() == ["1990-05-01"]


@given(st.decimals(-(10**9), 10**9, places=4, allow_nan=False))
@settings(max_examples=300)
def test_a_decimal_of_fifteen_digits_comes_back_from_a_double(value):
    [text] = plain_number(pyarrow.array([float(value)])).to_pylist()
    assert Decimal(text) == value
    assert "e" not in text
    assert not ("." in text and text.endswith(("0", ".")))


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_a_whole_number_kept_as_a_double_comes_back_digit_by_digit(value):
    assert plain_number(pyarrow.array([float(value)])).to_pylist() == [str(value)]


@given(
    # Not beyond 2037: Arrow knows no changes of the clock after that.
    st.datetimes(datetime(1950, 1, 1), datetime(2037, 1, 1)),  # noqa: DTZ001
    st.sampled_from(["Asia/Shanghai", "America/Sao_Paulo", "Europe/London"]),
    st.sampled_from(["s", "ms", "us"]),
)
@settings(max_examples=200)
def test_a_local_time_names_the_instant_python_names(local, zone, unit):
    column = pyarrow.array([local]).cast(pyarrow.timestamp(unit), safe=False)
    kept = column.to_pylist()[0]
    [text] = typed.instants(column, ZoneInfo(zone)).to_pylist()
    there = kept.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    is_skipped = there.astimezone(ZoneInfo(zone)).replace(tzinfo=None) != kept
    assert is_skipped or datetime.fromisoformat(text).astimezone(UTC) == there
