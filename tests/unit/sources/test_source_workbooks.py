"""Workbooks as exports: cells keep what they say, and what is none is said."""

from __future__ import annotations

import io
import random
import zipfile
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.sources.conformance import conforms
from tests.unit.sources.exports import WINDOW, Folder

from touchpoint.errors import ConfigError, SourceError
from touchpoint.model import Entity
from touchpoint.sources.files import workbooks
from touchpoint.sources.files.mapping import load_mapping
from touchpoint.sources.files.workbooks import WorkbookRows

HEADERS = ["Nr", "Who", "Made", "Total", "Note"]
EXPORTS = """
- files: orders.xlsx
  order:
    columns:
      order_id: Nr
      customer_id: Who
      created_at: Made
      total: Total
      region: Note
      currency: {constant: CNY}
"""
MADE = datetime(2026, 1, 5, 10, 5, 7)  # noqa: DTZ001 - a sheet knows no zone


def book(path: Path, *rows: list[Any], headers: list[Any] = HEADERS, **sheets: list[list[Any]]) -> Path:
    made = openpyxl.Workbook()
    made.active.title = "Orders"
    for row in [headers, *rows]:
        made.active.append(row)
    for name, others in sheets.items():
        sheet = made.create_sheet(name)
        for row in others:
            sheet.append(row)
    made.save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def written(folder: Folder, cell: Any, exports: str = EXPORTS) -> Any:
    """How a cell lands in a column of text."""
    book(folder.path / "data" / "orders.xlsx", ["1", "ann", MADE, 1, cell])
    return folder.rows(exports)[0]["region"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (12, "12"),
        (12.0, "12"),
        (-0.5, "-0.5"),
        (0.1 + 0.2, "0.3"),
        (1e-7, "0.0000001"),
        (4_201_234_567_890_123, "4201234567890123"),
        (123_456_789_012_345_678_901, "123456789012346000000"),  # Excel's own 15 digits
        ("00123456789012345678901", "00123456789012345678901"),
        ("1.50", "1.50"),
        (" 华东 ", " 华东 "),
        (True, "true"),
        (MADE, "2026-01-05 10:05:07"),
        (MADE.replace(microsecond=250_000), "2026-01-05 10:05:07.250000"),
        (date(2026, 1, 5), "2026-01-05 00:00:00"),
        (time(10, 5), "10:05:00"),
        ("", None),
        (None, None),
    ],
)
def test_a_cell_keeps_what_it_says(folder: Folder, cell: Any, text: str | None) -> None:
    assert written(folder, cell) == text


def test_a_row_becomes_a_row(folder: Folder) -> None:
    book(folder.path / "data" / "orders.xlsx", [4201234567890123, 77, MADE, 12.5, None], [2, "bob", MADE, "3", "x"])
    assert folder.rows(EXPORTS)[0] == {
        "order_id": "4201234567890123", "customer_id": "77", "created_at": "2026-01-05T10:05:07+08:00",
        "total": "12.5", "region": None, "currency": "CNY",
    }  # fmt: skip


def test_dates_in_cells_and_dates_in_text_stand_side_by_side(folder: Folder) -> None:
    book(folder.path / "data" / "orders.xlsx", [1, 1, MADE, 1], [2, 2, "05.01.2026 10:05", 1], [3, 3, "01/05/26", 1])
    exports = EXPORTS.replace("  order:", '  time_formats: ["%d.%m.%Y %H:%M"]\n  order:')
    assert [row["created_at"] for row in folder.rows(exports)] == [
        "2026-01-05T10:05:07+08:00",
        "2026-01-05T10:05:00+08:00",
        "01/05/26",
    ]


def test_numbers_in_cells_and_numbers_in_text_have_the_same_amount(folder: Folder) -> None:
    book(folder.path / "data" / "orders.xlsx", [1, 1, MADE, 1234.5], [2, 2, MADE, "1.234,50"], [3, 3, MADE, 1234])
    marks = "  decimal_mark: ','\n  thousands_mark: '.'\n  order:"
    assert [row["total"] for row in folder.rows(EXPORTS.replace("  order:", marks))] == ["1234.5", "1234.50", "1234"]


def test_a_sheet_is_read_by_its_name_and_headers_may_stand_further_down(folder: Folder) -> None:
    rows = [["Report of January"], [], HEADERS, ["9", "ann", MADE, 1, "second"], [None] * 5, ["10", "bob", MADE, 2]]
    book(folder.path / "data" / "orders.xlsx", ["1", "ann", MADE, 1, "first"], January=rows)
    exports = EXPORTS.replace("  order:", "  sheet: January\n  header_row: 3\n  order:")
    assert [(row["order_id"], row["region"]) for row in folder.rows(exports)] == [("9", "second"), ("10", None)]
    with pytest.raises(SourceError, match=r"no sheet 'March'; sheets: Orders, January.*correct `sheet`"):
        folder.rows(exports.replace("January", "March"))
    with pytest.raises(SourceError, match="row 9 holds no headers"):
        folder.rows(exports.replace("header_row: 3", "header_row: 9"))


def test_a_row_with_a_value_beyond_the_headers_goes_to_quarantine_by_its_number(folder: Folder) -> None:
    book(folder.path / "data" / "orders.xlsx", [1, 1, MADE, 1], [2, 2, MADE, 1, "x", None, "over"], [3, 3, MADE, 1])
    pages = list(folder.source(EXPORTS).read(Entity.ORDER, WINDOW))
    assert [row["order_id"] for page in pages for row in page.tables[Entity.ORDER].to_pylist()] == ["1", "3"]
    ((bad,),) = [page.malformed for page in pages]
    assert (bad.line_no, bad.reason) == (3, "7 columns where the header has 5")


def test_a_workbook_may_be_looked_up_in(folder: Folder) -> None:
    folder.text("lines.csv", "nr,made", "1,05.01.2026")
    book(folder.path / "data" / "more.xlsx", ["1", "ann", MADE, 2.5], ["1", "ann", MADE, 0.25])
    exports = """
- files: lines.csv
  time_formats: ["%d.%m.%Y"]
  lookups: {more: {files: more.xlsx, key: Nr, by: nr}}
  order:
    columns:
      order_id: nr
      customer_id: nr
      created_at: made
      paid_at: {lookup: more, from: Made, take: first}
      total: {lookup: more, from: Total, take: sum}
      currency: {constant: CNY}
"""
    (row,) = folder.rows(exports)
    assert (row["total"], row["paid_at"]) == ("2.75", "2026-01-05T10:05:07+08:00")


def test_a_long_sheet_comes_a_part_at_a_time_and_loses_no_row(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "ROWS", 7)
    book(folder.path / "data" / "orders.xlsx", *([number, 1, MADE, 1] for number in range(50)), [1, 2, 3, 4, 5, 6])
    pages = list(folder.source(EXPORTS).read(Entity.ORDER, WINDOW))
    found = [row["order_id"] for page in pages for row in page.tables[Entity.ORDER].to_pylist()]
    assert found == [str(number) for number in range(50)]
    assert [bad.line_no for page in pages for bad in page.malformed] == [52]
    assert [page.file is not None for page in pages] == [False] * 7 + [True]


def test_workbooks_conform(folder: Folder) -> None:
    book(folder.path / "data" / "orders.xlsx", [1, 1, MADE, 1], [2, 2, MADE, 1])
    conforms(lambda: folder.source(EXPORTS), Entity.ORDER, WINDOW)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "no workbook, damaged, or locked"),
        (b"Nr,Who\n1,2\n", "no workbook, damaged, or locked"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "no workbook, damaged, or locked by a password"),
    ],
    ids=["empty", "csv", "locked"],
)
def test_what_is_no_workbook_is_said_with_what_to_do(folder: Folder, content: bytes, message: str) -> None:
    (folder.path / "data" / "orders.xlsx").write_bytes(content)
    with pytest.raises(SourceError, match=rf"orders\.xlsx.*{message}.*save it again as"):
        folder.rows(EXPORTS)


def test_a_workbook_that_unpacks_to_more_than_memory_holds_is_refused(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbooks, "LARGEST", 1 << 20)
    with zipfile.ZipFile(folder.path / "data" / "orders.xlsx", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/sheet1.xml", b" " * (1 << 21))
    with pytest.raises(SourceError, match=r"2 MB once unpacked.*export it in parts"):
        folder.rows(EXPORTS)


def test_a_workbook_packed_as_nobody_packs_is_said(folder: Folder) -> None:
    path = book(folder.path / "data" / "orders.xlsx", [1, 1, MADE, 1])
    damaged = bytearray(path.read_bytes())
    damaged[damaged.index(b"PK\x01\x02") + 6] = 91  # the version a reader needs
    path.write_bytes(damaged)
    with pytest.raises(SourceError, match="no workbook, damaged, or locked"):
        folder.rows(EXPORTS)


def test_a_damaged_workbook_gives_rows_or_an_error_of_ours(tmp_path: Path) -> None:
    whole = book(tmp_path / "orders.xlsx", *([number, 1, MADE, 1.5, "x"] for number in range(30))).read_bytes()
    mapping = tmp_path / "shop.yaml"
    mapping.write_text(f"exports:{EXPORTS}", encoding="utf-8")
    (export,) = load_mapping(str(mapping)).exports
    chance, refused = random.Random(7), 0
    for _ in range(200):
        damaged = bytearray(whole)
        for _ in range(chance.randint(1, 20)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        cut = chance.choice([len(damaged), chance.randrange(len(damaged))])
        try:
            rows = WorkbookRows(io.BytesIO(damaged[:cut]), "orders.xlsx", export)
            list(rows.blocks(rows.headers[:1]))
        except SourceError:
            refused += 1
    assert 50 < refused <= 200


@given(st.lists(st.integers(-(10**15), 10**15) | st.floats(-1e9, 1e9).map(lambda each: round(each, 4)), min_size=1))
@settings(max_examples=40, deadline=None)
def test_numbers_come_out_as_they_went_in(numbers: list[int | float]) -> None:
    made = openpyxl.Workbook()
    for each in [["n"], *([number] for number in numbers)]:
        made.active.append(each)
    stream = io.BytesIO()
    made.save(stream)
    columns = "{order_id: n, customer_id: n, created_at: n, total: n, currency: n}"
    export = _export(f"- files: a.xlsx\n  order: {{columns: {columns}}}")
    (block,) = WorkbookRows(stream, "a.xlsx", export).blocks(["n"])
    found = block.table["n"].to_pylist()
    assert [float(text) for text in found] == numbers
    assert not any("e" in text or text.endswith(".0") for text in found)


def _export(text: str) -> Any:
    import yaml

    from touchpoint.sources.files.mapping import Mapping

    return Mapping.model_validate({"exports": yaml.safe_load(text)}).exports[0]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("encoding: gbk", "a workbook has no encoding"),
        ('delimiter: ";"', "a workbook has no delimiter"),
        ("header_row: 0", "header_row"),
    ],
)
def test_keys_of_text_files_are_refused(folder: Folder, key: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        folder.source(EXPORTS.replace("  order:", f"  {key}\n  order:"))
    with pytest.raises(ConfigError, match=r"old workbooks \(.xls\).*save them as"):
        folder.source(EXPORTS.replace("orders.xlsx", "orders.xls"))
    with pytest.raises(ConfigError, match="sheet is of workbooks alone"):
        folder.source(EXPORTS.replace("orders.xlsx", "orders.csv\n  sheet: Orders"))
