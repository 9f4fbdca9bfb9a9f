"""Exports in a folder: how they are written, what is wrong with them, and that nothing is lost."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.sources.conformance import conforms, rows_of

from touchpoint.errors import ConfigError, SourceError, SourceUnavailable
from touchpoint.model import Entity, Window
from touchpoint.settings import Shop
from touchpoint.sources import open_source
from touchpoint.sources.files import reading as files_reading
from touchpoint.sources.files.lines import Layout, Lines

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
MAPPING = """
exports:
  - files: "{files}"
{options}    order:
      columns:
        order_id: 编号
        customer_id: 编号
        created_at: 时间
        total: 金额
        region: 省
        currency: {{constant: CNY}}
"""
HEADER = "编号,时间,金额,省"


@pytest.fixture
def shop():
    sources = {"order": {"adapter": "files", "mapping": "m"}, "member": {"adapter": "files", "mapping": "m"}}
    return Shop.model_validate(
        {
            "id": "papers", "name": "P", "platform": "files", "zone": "Asia/Shanghai", "locale": "zh-CN",
            "currency": "CNY", "signature": "P", "agent_contact": "-", "cut_off": "16:00", "sending": "on",
            "sources": sources,
        }
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    return tmp_path / "data"


@pytest.fixture
def opened(shop, folder, tmp_path):
    (tmp_path / "mappings").mkdir()

    def open_it(files="orders.csv", options=(), entity=Entity.ORDER, mapping=MAPPING, already_read=frozenset()):
        text = mapping.format(files=files, options="".join(f"    {line}\n" for line in options))
        (tmp_path / "mappings" / "m.yaml").write_text(text, encoding="utf-8")
        return open_source(shop, entity, lambda name: None, already_read=already_read, config=tmp_path, folder=folder)

    return open_it


def lines(*rows, header=HEADER):
    return "\n".join([header, *rows]) + "\n"


def row(number, region="浙江省"):
    return f"{number},2026-01-05 10:00:00,12.50,{region}"


def quoted(number):
    return f'{number},"2026-01-05 10:00:00",12.50,浙江省'


def parted(text):
    return text.replace(",", "  \t ").encode()


def orders(source):
    return rows_of(source.read(Entity.ORDER, WINDOW), Entity.ORDER)


def malformed(source):
    return [bad for page in source.read(Entity.ORDER, WINDOW) for bad in page.malformed]


def test_a_file_becomes_rows(opened, folder):
    (folder / "orders.csv").write_text(lines(row(1), "2,2026-01-05 10:00:01,3,"), encoding="utf-8")
    first, second = orders(opened())
    assert first == {
        "order_id": "1", "customer_id": "1", "created_at": "2026-01-05T10:00:00+08:00", "total": "12.50",
        "region": "浙江省", "currency": "CNY",
    }  # fmt: skip
    assert second["region"] is None


@pytest.mark.parametrize(
    ("content", "options"),
    [
        (lines(row(1)).encode("utf-8-sig"), ()),
        (lines(row(1)).encode("gbk"), ["encoding: gbk"]),
        (lines(row(1)).replace(",", ";").encode(), ['delimiter: ";"']),
        (lines(row(1)).replace(",", "\t").encode(), ['delimiter: "\\t"']),
        (parted(lines(quoted(1))), ["delimiter: whitespace"]),
        (parted(lines(quoted(1))).replace(b"\n", b" \r\n \t"), ["delimiter: whitespace"]),
        (parted(lines(row(1).replace(" 10:00:00", ""))), ["delimiter: whitespace"]),
        (row(1).encode() + b"\n", [f"headers: [{HEADER}]"]),
        (parted(quoted(1) + "\n"), ["delimiter: whitespace", f"headers: [{HEADER}]"]),
        (b"\xef\xbb\xbf" + row(1).encode(), [f"headers: [{HEADER}]"]),
        (lines(row(1)).replace("\n", "\r\n").encode(), ()),
        (lines(row(1)).rstrip("\n").encode(), ()),
        (lines(row(1)).replace(HEADER, " 编号 ,时间\t,金额 , 省 ").encode(), ()),
        (gzip.compress(lines(row(1)).encode()), ()),
        (gzip.compress(lines().encode()) + gzip.compress((row(1) + "\n").encode()), ()),
        (lines('"1","2026-01-05 10:00:00","12.50","浙江省"').encode(), ()),
        (lines("", row(1), "").encode(), ()),
    ],
    ids=[
        "bom",
        "gbk",
        "semicolon",
        "tab",
        "white-space",
        "white-space-around",
        "white-space-alone",
        "no-headers",
        "no-headers-white-space",
        "no-headers-bom",
        "crlf",
        "no-end",
        "spaces",
        "gzip",
        "gzip-parts",
        "quoted",
        "blank-lines",
    ],
)
def test_however_it_is_written_the_row_is_the_same(opened, folder, content, options):
    (folder / "orders.csv").write_bytes(content)
    (found,) = orders(opened(options=options))
    assert found["order_id"] == "1"
    assert found["created_at"][:10] == "2026-01-05"
    assert found["total"] == "12.50"
    assert found["region"] == "浙江省"
    assert malformed(opened(options=options)) == []


BAD_LINES = [
    ("7,too,few", "3 columns where the header has 4"),
    ("7,2026-01-05 10:00:00,1,浙江省,one,too,many", "7 columns where the header has 4"),
    ('7,"2026-01-05 10:00:00,1,浙江省', "a quote that is not closed"),
    ('a"b,"c,1,浙江省', "a quote that is not closed"),
    ("7,2026-01-05\0,1,浙江省", "a NUL byte"),
    ("7,2026-01\r-05,1,浙江省", "not CSV"),
    (b"7,2026-01-05 10:00:00,1,\xff\xfe", "bytes that do not decode"),
]


@pytest.mark.parametrize(("bad", "reason"), BAD_LINES, ids=[reason for _, reason in BAD_LINES])
@pytest.mark.parametrize("place", [0, 2, 4], ids=["first", "middle", "last"])
def test_a_line_that_cannot_be_split_costs_itself_alone(opened, folder, bad, reason, place):
    good = [row(number).encode() for number in range(4)]
    raw = bad if isinstance(bad, bytes) else bad.encode()
    content = b"\n".join([HEADER.encode(), *good[:place], raw, *good[place:]]) + b"\n"
    (folder / "orders.csv").write_bytes(content)
    assert [found["order_id"] for found in orders(opened())] == ["0", "1", "2", "3"]
    (line,) = malformed(opened())
    assert line.line_no == place + 2
    assert line.entity is Entity.ORDER
    assert reason in line.reason
    assert "\0" not in line.text
    assert line.text.startswith(raw[:2].decode())


def test_ten_thousand_bad_lines_among_good_ones_lose_nothing(opened, folder):
    dice = random.Random(7)
    bad = [text for text, _ in BAD_LINES[:5]]
    numbered = [row(number) if number % 4 else dice.choice(bad) for number in range(40_000)]
    (folder / "orders.csv").write_text(lines(*numbered), encoding="utf-8", newline="")
    assert [found["order_id"] for found in orders(opened())] == [str(n) for n in range(40_000) if n % 4]
    assert [line.line_no for line in malformed(opened())] == [n + 2 for n in range(40_000) if n % 4 == 0]


def test_a_quoted_value_may_hold_a_line_break_where_the_mapping_says_so(opened, folder):
    (folder / "orders.csv").write_text(lines(row(0), row(1, '"浙江\n省, ""x"""'), row(2)), encoding="utf-8")
    found = orders(opened(options=["quoted_newlines: true"]))
    assert [each["region"] for each in found] == ["浙江省", '浙江\n省, "x"', "浙江省"]
    assert malformed(opened(options=["quoted_newlines: true"])) == []
    assert [line.line_no for line in malformed(opened())] == [3, 4]
    assert [each["order_id"] for each in orders(opened())] == ["0", "2"]


def test_a_stray_quote_swallows_no_rows_even_where_line_breaks_are_allowed(opened, folder):
    rows = [row(number) for number in range(200)]
    rows[50] = row(50, '"浙江')
    (folder / "orders.csv").write_text(lines(*rows), encoding="utf-8")
    source = opened(options=["quoted_newlines: true"])
    assert [each["order_id"] for each in orders(source)] == [str(n) for n in range(200) if n != 50]
    assert [line.line_no for line in malformed(source)] == [52]


@given(
    cells=st.lists(
        st.lists(st.text(st.sampled_from('a1,"\n é省'), max_size=6), min_size=3, max_size=3), min_size=1, max_size=12
    ),
    block=st.integers(1, 60),
)
@settings(max_examples=120, deadline=None)
def test_whatever_a_csv_writer_writes_is_read_back_at_any_block_size(cells, block):
    import csv
    import io

    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([["x", "y", "z"], *cells])
    layout = Layout("cells.csv", "utf-8", ",", quoted_newlines=True)
    reader = Lines(io.BytesIO(text.getvalue().encode()), layout, block=block)
    blocks = list(reader.blocks(["x", "y", "z"]))
    assert [bad for found in blocks for bad in found.bad] == []
    assert [list(row.values()) for found in blocks for row in found.table.to_pylist()] == [
        [value or None for value in row] for row in cells
    ]


@given(data=st.binary(max_size=200), block=st.integers(1, 64))
@settings(max_examples=120, deadline=None)
def test_any_bytes_whatever_give_rows_or_bad_lines_and_every_line_is_one_of_them(data, block):
    import io

    layout = Layout("bytes.csv", "utf-8", ",", quoted_newlines=False)
    reader = Lines(io.BytesIO(b"x,y\n" + data), layout, block=block)
    try:
        blocks = list(reader.blocks(["x", "y"]))
    except SourceError:
        assert not data.isascii()  # refused as a whole for its encoding: nothing is landed
        return
    told = sum(found.table.num_rows + len(found.bad) for found in blocks)
    normal = (data + b"\n").replace(b"\r\n", b"\n")
    assert told == sum(1 for line in normal.split(b"\n") if line)


def test_gbk_read_as_utf8_is_refused_with_what_to_do(opened, folder):
    (folder / "orders.csv").write_bytes(lines(row(1)).encode("gbk"))
    with pytest.raises(SourceError, match=r"orders.csv: line 1 is not UTF-8, it reads as GBK\. set encoding: gbk"):
        orders(opened())


def test_gbk_below_an_english_header_is_refused_too(opened, folder):
    mapping = MAPPING.replace("编号", "id").replace("时间", "at").replace("金额", "sum").replace("省", "place")
    content = lines(row(1), row(2), header="id,at,sum,place").encode("gbk")
    (folder / "orders.csv").write_bytes(content)
    with pytest.raises(SourceError, match="line 2 is not UTF-8, it reads as GBK"):
        orders(opened(mapping=mapping))
    (folder / "orders.csv").write_bytes(lines(*map(row, range(5)), header="id,at,sum,place").encode())
    with pytest.raises(SourceError, match="is not GBK, it reads as UTF-8"):
        orders(opened(mapping=mapping, options=["encoding: gbk"]))


def test_utf8_read_as_gbk_is_refused(opened, folder):
    (folder / "orders.csv").write_bytes(lines(row(1)).encode())
    with pytest.raises(SourceError, match="is not GBK, it reads as UTF-8"):
        orders(opened(options=["encoding: gbk"]))


def test_utf16_is_refused(opened, folder):
    (folder / "orders.csv").write_bytes(lines(row(1)).encode("utf-16"))
    with pytest.raises(SourceError, match="UTF-16"):
        orders(opened())


def test_a_column_that_is_absent_is_named_with_those_found(opened, folder):
    (folder / "orders.csv").write_text(lines(header="编号,时间,总额,省"), encoding="utf-8")
    message = r"no column '金额', which the mapping reads for order.total; columns found: 编号, 时间, 总额, 省"
    with pytest.raises(SourceError, match=message):
        orders(opened())


@pytest.mark.parametrize(
    ("header", "reason"),
    [("编号,时间,金额,金额,省", "2 columns '金额'"), ("编号,时\r间,金额,省", "the header is not CSV")],
)
def test_a_file_whose_header_names_no_columns_is_left_out_alone_and_read_again_once_corrected(
    opened, folder, header, reason
):
    path = folder / "orders_1.csv"
    path.write_text(lines(row(1), header=header), encoding="utf-8", newline="")
    (folder / "orders_2.csv").write_text(lines(row(2)), encoding="utf-8")
    assert [found["order_id"] for found in orders(opened("orders_*.csv"))] == ["2"]
    (line,) = malformed(opened("orders_*.csv"))
    assert (line.entity, line.line_no) == (Entity.ORDER, 1)
    assert line.reason.startswith(reason)
    read = frozenset((page.file.path, page.file.digest) for page in opened("orders_*.csv").read(Entity.ORDER, WINDOW))
    assert list(opened("orders_*.csv", already_read=read).read(Entity.ORDER, WINDOW)) == []
    path.write_text(lines(row(1)), encoding="utf-8")
    assert [found["order_id"] for found in orders(opened("orders_*.csv", already_read=read))] == ["1"]


def test_lines_that_end_in_carriage_returns_alone_are_lines(opened, folder):
    text = lines(row(1), row(2, "x" * 70_000), row(3))
    (folder / "orders.csv").write_text(text.replace("\n", "\r"), encoding="utf-8", newline="")
    assert [found["order_id"] for found in orders(opened())] == ["1", "2", "3"]
    assert malformed(opened()) == []


def test_a_column_the_mapping_does_not_know_is_left_or_refused(opened, folder):
    (folder / "orders.csv").write_text(lines(row(1) + ",x", header=HEADER + ",新列"), encoding="utf-8")
    assert len(orders(opened())) == 1
    with pytest.raises(SourceError, match="unknown column '新列'"):
        orders(opened(options=["other_columns: refuse"]))


def test_an_export_is_read_once_and_again_when_its_content_changes(opened, folder):
    path = folder / "orders.csv"
    path.write_text(lines(row(1)), encoding="utf-8")
    (mark,) = [page.file for page in opened().read(Entity.ORDER, WINDOW) if page.file]
    assert mark.digest == hashlib.sha256(path.read_bytes()).hexdigest()
    read = frozenset({(mark.path, mark.digest)})
    assert orders(opened(already_read=read)) == []
    path.write_text(lines(row(2)), encoding="utf-8")
    assert [each["order_id"] for each in orders(opened(already_read=read))] == ["2"]


def test_the_mark_comes_with_the_last_page_alone(opened, folder, monkeypatch):
    (folder / "orders.csv").write_text(lines(*map(row, range(50))), encoding="utf-8")
    monkeypatch.setattr(files_reading, "Lines", lambda stream, layout: Lines(stream, layout, block=200))
    marks = [page.file is not None for page in opened().read(Entity.ORDER, WINDOW)]
    assert len(marks) > 3
    assert marks == [False] * (len(marks) - 1) + [True]


def test_a_packed_export_is_known_by_its_packed_bytes(opened, folder):
    content = gzip.compress(lines(row(1)).encode()) + b"\0" * 8  # some tools pad
    (folder / "orders.csv").write_bytes(content)
    (mark,) = [page.file for page in opened().read(Entity.ORDER, WINDOW) if page.file]
    assert mark.digest == hashlib.sha256(content).hexdigest()


def test_several_exports_come_oldest_first_and_the_snapshot_is_the_latest(opened, folder):
    noon = datetime(2026, 1, 5, 12, tzinfo=UTC)
    for name, hours in (("orders_b.csv", 0), ("orders_a.csv", 1)):
        (folder / name).write_text(lines(row(name)), encoding="utf-8")
        at = (noon + timedelta(hours=hours)).timestamp()
        os.utime(folder / name, (at, at))
    source = opened(files="orders_*.csv")
    assert source.snapshot_at(Entity.ORDER, WINDOW) == noon + timedelta(hours=1)
    assert [each["order_id"] for each in orders(source)] == ["orders_b.csv", "orders_a.csv"]


def test_the_mapping_may_say_what_the_export_speaks_of(opened, folder):
    (folder / "orders.csv").write_text(lines(row(1)), encoding="utf-8")
    source = opened(options=['snapshot_at: "2026-01-31T00:00:00+08:00"'])
    assert source.snapshot_at(Entity.ORDER, WINDOW) == datetime(2026, 1, 30, 16, tzinfo=UTC)


def test_a_header_alone_is_an_empty_export(opened, folder):
    (folder / "orders.csv").write_text(lines(), encoding="utf-8")
    (page,) = opened().read(Entity.ORDER, WINDOW)
    assert page.file is not None
    assert page.tables == {}


def test_an_export_without_a_file_is_empty_and_warned_of(opened, folder, caplog):
    source = opened(files="orders_*.csv")
    assert list(source.read(Entity.ORDER, WINDOW)) == []
    assert source.snapshot_at(Entity.ORDER, WINDOW) == WINDOW.end
    (warning,) = caplog.messages
    assert "no file 'orders_*.csv'" in warning
    assert str(folder) not in warning
    (folder / "orders_1.csv").write_text(lines(row(1)), encoding="utf-8")
    caplog.clear()
    assert len(orders(source)) == 1
    assert caplog.messages == []


def test_no_folder_is_no_empty_export(opened, folder):
    folder.rmdir()
    with pytest.raises(SourceUnavailable, match="no such folder"):
        orders(opened())


def test_a_line_parted_by_white_space_that_has_a_column_too_many_goes_to_quarantine(opened, folder):
    (folder / "orders.csv").write_bytes(parted(lines(row(1), quoted(2))))
    source = opened(options=["delimiter: whitespace"])
    assert [found["order_id"] for found in orders(source)] == ["2"]
    (bad,) = malformed(source)
    assert (bad.line_no, bad.reason) == (2, "5 columns where the header has 4")


def test_lines_of_a_file_without_headers_are_counted_from_its_first(opened, folder):
    (folder / "orders.csv").write_text("\n".join([row(1), "one,two", row(3)]), encoding="utf-8")
    source = opened(options=[f"headers: [{HEADER}]"])
    assert [found["order_id"] for found in orders(source)] == ["1", "3"]
    assert [bad.line_no for bad in malformed(source)] == [2]


def test_what_is_missing_is_said(opened, folder, shop):
    (folder / "orders.csv").write_bytes(b"")
    with pytest.raises(SourceError, match="the file is empty"):
        orders(opened())
    with pytest.raises(ConfigError, match="no such source"):
        open_source(shop, Entity.SHIPMENT, lambda name: None)
    with pytest.raises(SourceError, match="the mapping holds no member"):
        list(opened(entity=Entity.MEMBER).read(Entity.MEMBER, WINDOW))


def test_a_gzip_that_breaks_off_is_no_short_file(opened, folder):
    whole = gzip.compress(lines(*map(row, range(1000))).encode())
    (folder / "orders.csv").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceError, match="gzip data is damaged or breaks off"):
        orders(opened())


def test_a_file_that_is_still_being_written_is_left_for_the_next_run(opened, folder):
    path = folder / "orders.csv"
    path.write_text(lines(*map(row, range(10))), encoding="utf-8")
    source = opened()
    due = source._due(Entity.ORDER)
    with path.open("a", encoding="utf-8") as more:
        more.write(row(11) + "\n")
    source._due = lambda entity: due
    with pytest.raises(SourceUnavailable, match="changed while it was read"):
        orders(source)


def test_money_with_a_comma_becomes_decimal_text(opened, folder):
    options = ['delimiter: ";"', 'decimal_mark: ","', 'thousands_mark: "."']
    values = ["1.234,50", "12", "-3,5", "dear", ""]
    rows = [f"{number};2026-01-05 10:00:00;{value};x" for number, value in enumerate(values)]
    (folder / "orders.csv").write_text(lines(*rows, header=HEADER.replace(",", ";")), encoding="utf-8")
    assert [each["total"] for each in orders(opened(options=options))] == ["1234.50", "12", "-3.5", "dear", None]


def test_money_in_a_padded_column_is_read_whatever_its_marks(opened, folder):
    """Fixed widths pad numbers; without marks the gate took none of them."""
    values = ["   11.77", "12 ", "-3.5", " dear ", "  "]
    (folder / "orders.csv").write_text(
        lines(*(f"{n},2026-01-05,{v},x" for n, v in enumerate(values))), encoding="utf-8"
    )
    assert [each["total"] for each in orders(opened())] == ["11.77", "12", "-3.5", " dear ", "  "]


def test_words_presence_and_where(opened, folder):
    mapping = """
exports:
  - files: "{files}"
{options}    order:
      where: {{column: 省, one_of: [浙江省, 江苏省]}}
      columns:
        order_id: 编号
        customer_id: 编号
        created_at: 时间
        total: 金额
        currency: {{constant: CNY}}
        kind: {{from: 类型, words: {{货到付款: cash_on_delivery}}, otherwise: normal}}
        source: {{from: 类型, words: {{货到付款: door}}}}
        payment_state: {{present: 类型, then: paid, otherwise: none}}
    refund:
      where: {{column: 金额, above: 10}}
      columns: {{refund_id: 编号, order_id: 编号, amount: 金额, currency: {{constant: CNY}}}}
"""
    rows = [
        "1,2026-01-05 10:00:00,5,浙江省,货到付款",
        "2,2026-01-05 10:00:00,50,江苏省,别的",
        "3,2026-01-05 10:00:00,dear,江苏省,",
        "4,2026-01-05 10:00:00,,北京,",
    ]
    (folder / "orders.csv").write_text(lines(*rows, header=HEADER + ",类型"), encoding="utf-8")
    pages = list(opened(mapping=mapping).read(Entity.ORDER, WINDOW))
    found = rows_of(pages, Entity.ORDER)
    assert [each["order_id"] for each in found] == ["1", "2", "3"]
    assert [each["kind"] for each in found] == ["cash_on_delivery", "normal", None]
    assert [each["source"] for each in found] == ["door", "别的", None]
    assert [each["payment_state"] for each in found] == ["paid", "paid", "none"]
    # What is no number may be a refund or not: the gate has to see it.
    assert [each["refund_id"] for each in rows_of(pages, Entity.REFUND)] == ["2", "3"]


def test_files_conform(opened, folder):
    (folder / "orders.csv").write_text(lines(*map(row, range(300))), encoding="utf-8")
    conforms(opened, Entity.ORDER, WINDOW)
