"""Drafts of made-up exports: what is found, what is doubted, and that the draft reads the files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tests.unit.sources.exports import WINDOW, shop
from typer.testing import CliRunner

from touchpoint.cli import app
from touchpoint.errors import ConfigError
from touchpoint.model import Entity
from touchpoint.sources.drafting import doubts, draft_mapping
from touchpoint.sources.drafting.profiles import profile
from touchpoint.sources.files.mapping import Mapping, load_mapping
from touchpoint.sources.files.source import FilesSource


class Exports:
    """Files, the mapping drafted of them, and what it reads."""

    def __init__(self, path: Path) -> None:
        self.path, self.text = path / "data", ""
        self.path.mkdir()

    def write(self, name: str, *lines: str, encoding: str = "utf-8") -> None:
        (self.path / name).write_text("\n".join(lines) + "\n", encoding=encoding)

    def drafted(self, **options: Any) -> Mapping:
        """The mapping of all files, loaded as strictly as any other."""
        self.text = draft_mapping(sorted(self.path.iterdir()), folder=self.path, **options)
        mapping = self.path.parent / "mine.yaml"
        mapping.write_text(self.text, encoding="utf-8")
        return load_mapping(str(mapping))

    def rows(self, mapping: Mapping, asked: Entity, entity: Entity | None = None) -> list[dict[str, Any]]:
        source = FilesSource(shop("Europe/Berlin", "EUR"), mapping, self.path)
        tables = [page.tables for page in source.read(asked, WINDOW)]
        return [row for table in tables if (entity or asked) in table for row in table[entity or asked].to_pylist()]


@pytest.fixture
def exports(tmp_path: Path) -> Exports:
    return Exports(tmp_path)


@pytest.fixture
def shop_of_parts(exports: Exports) -> Exports:
    """Six files of one shop, in three ways of writing."""
    exports.write(
        "orders.csv",
        "Order No;Customer No;Ordered;Paid;Grand Total;Status;City;Shipped;Delivered;Expected delivery",
        "A-1;7;25.01.2026 10:05;25.01.2026 10:06;1.012,50;done;Bonn;26.01.2026 09:00;28.01.2026 17:00;29.01.2026 00:00",
        "A-2;8;26.01.2026 11:00;;5,00;cancelled;Köln;;;",
        "A-3;7;27.01.2026 12:30;27.01.2026 12:31;20,00;done;Bonn;27.01.2026 18:00;;30.01.2026 00:00",
    )
    book = openpyxl.Workbook()
    for row in (
        ["Order No", "Line No", "SKU", "Item name", "Qty", "Unit Price"],
        ["A-1", 1, "s-1", "Lamp", 2, 500],
        ["A-1", 2, "s-2", "Bulb", 1, 12.5],
        ["A-2", 1, "s-2", "Bulb", 1, 5],
        ["A-3", 1, "s-1", "Lamp", 1, 20],
    ):
        book.active.append(row)
    book.save(exports.path / "lines.xlsx")
    exports.write(
        "customers.csv",
        "Customer No,E-mail,Mobile,Birthday,Gender",
        "7,a@example.com,+4917100000,1986-06-02,f",
        "8,b@example.com,,1990-12-31,",
    )
    exports.write(
        "products.csv", "SKU,Product Name,Category,List Price", "s-1,Lamp,light,500.00", "s-2,Bulb,light,5.00"
    )
    exports.write(
        "payments.csv",
        "Payment ID,Order No,Payment Method,Amount,Paid at",
        "p1,A-1,card,1000.00,2026-01-25 10:05:30",
        "p2,A-1,voucher,12.50,2026-01-25 10:06:00",
        "p3,A-3,card,20.00,2026-01-27 12:31:00",
    )
    exports.write("reviews.csv", "Review ID\tOrder No\tRating\tReviewed at", "r1\tA-1\t5\t02-Feb-26")
    return exports


def test_every_file_of_a_shop_finds_its_entity(shop_of_parts: Exports) -> None:
    mapping = shop_of_parts.drafted(currency="EUR", zone="Europe/Berlin")
    found = {(each.files, entity.value) for each in mapping.exports for entity in Entity if getattr(each, entity.value)}
    assert found == {
        ("orders.csv", "order"), ("orders.csv", "shipment"), ("orders.csv", "tracking_event"),
        ("lines.xlsx", "order_line"), ("customers.csv", "member"), ("products.csv", "product"),
        ("payments.csv", "payment"), ("reviews.csv", "review"),
    }  # fmt: skip
    assert not mapping.synthetic_contacts, "there is a list of members"


def test_the_draft_reads_the_files_it_was_made_of(shop_of_parts: Exports) -> None:
    mapping = shop_of_parts.drafted(currency="EUR", zone="Europe/Berlin")
    first, second, _ = shop_of_parts.rows(mapping, Entity.ORDER)
    assert (first["order_id"], first["customer_id"], first["city"]) == ("A-1", "7", "Bonn")
    assert (first["created_at"], first["paid_at"]) == ("2026-01-25T10:05:00+01:00", "2026-01-25T10:06:00+01:00")
    assert (first["total"], first["paid"], first["item_count"], first["payment_kind"]) == (
        "1012.50",
        "1012.50",
        "3",
        "card",
    )
    assert (second["paid"], second["payment_state"], second["closed_at"]) == (None, "none", "2026-01-26T11:00:00+01:00")
    lines = shop_of_parts.rows(mapping, Entity.ORDER, Entity.ORDER_LINE)
    assert [(row["order_id"], row["line_id"], row["quantity"], row["net"]) for row in lines] == [
        ("A-1", "1", "2", "1000.00"), ("A-1", "2", "1", "12.50"), ("A-2", "1", "1", "5.00"), ("A-3", "1", "1", "20.00"),
    ]  # fmt: skip
    assert lines[0]["modified_at"] == "2026-01-25T10:05:00+01:00"
    members = shop_of_parts.rows(mapping, Entity.MEMBER)
    assert [(row["customer_id"], row["email"], row["birthday"]) for row in members] == [
        ("7", "a@example.com", "1986-06-02"), ("8", "b@example.com", "1990-12-31"),
    ]  # fmt: skip
    payment, *_ = shop_of_parts.rows(mapping, Entity.PAYMENT)
    assert (payment["payment_id"], payment["kind"], payment["amount"]) == ("p1", "card", "1000.00")
    assert payment["happened_at"] == "2026-01-25T10:05:30+01:00"
    (review,) = shop_of_parts.rows(mapping, Entity.REVIEW)
    assert (review["order_id"], review["score"], review["happened_at"]) == ("A-1", "5", "2026-02-02T00:00:00+01:00")
    parcels = shop_of_parts.rows(mapping, Entity.SHIPMENT)
    assert [(row["shipment_id"], row["promised_at"][:10]) for row in parcels] == [
        ("A-1", "2026-01-29"),
        ("A-3", "2026-01-30"),
    ]
    scans = shop_of_parts.rows(mapping, Entity.SHIPMENT, Entity.TRACKING_EVENT)
    assert sorted((row["shipment_id"], row["state"]) for row in scans) == [
        ("A-1", "delivered"), ("A-1", "picked_up"), ("A-3", "picked_up"),
    ]  # fmt: skip


def test_lines_of_invoices_become_orders_lines_and_refunds(exports: Exports) -> None:
    exports.write(
        "sales.csv",
        "Receipt No,Buyer,Article No,Description,Quantity,Price,Date",
        *(f"10{number},ann,77{number},Lamp,2,1.25,2026-01-0{number} 10:00" for number in range(1, 7)),
        "R104,ann,774,Lamp,-2,1.25,2026-01-08 10:00",
        "101,ann,772,Bulb,1,0.50,2026-01-01 10:00",
    )
    mapping = exports.drafted(currency="EUR")
    orders = {row["order_id"]: row for row in exports.rows(mapping, Entity.ORDER)}
    assert (orders["101"]["total"], orders["101"]["item_count"], len(orders)) == ("3", "3", 6)
    (refund,) = exports.rows(mapping, Entity.ORDER, Entity.REFUND)
    assert (refund["customer_id"], refund["amount"]) == ("ann", "2.50")
    assert len(exports.rows(mapping, Entity.ORDER, Entity.ORDER_LINE)) == 7


def test_a_chinese_report_in_gbk_is_read_and_its_refunds_are_not_counted_twice(exports: Exports) -> None:
    exports.write(
        "report.csv",
        "订单号,买家会员名,下单时间,付款时间,总金额,买家实付金额,退款金额,省份",
        "1,甲,2026/1/5 10:00,2026/1/5 10:01,100.00,60.00,40.00,浙江",
        "2,乙,2026/1/5 11:00,,50.00,0.00,0.00,上海",
        encoding="gbk",
    )
    mapping = exports.drafted()
    assert mapping.exports[0].encoding == "gbk"
    first, second = exports.rows(mapping, Entity.ORDER)
    assert (first["customer_id"], first["total"], first["paid"], first["region"]) == ("甲", "100.00", "100.00", "浙江")
    assert (first["currency"], second["paid"]) == ("CNY", None)
    (refund,) = exports.rows(mapping, Entity.ORDER, Entity.REFUND)
    assert refund["amount"] == "40.00"
    assert "what the shop kept" in exports.text


def test_where_nobody_can_tell_day_from_month_the_draft_says_so(exports: Exports) -> None:
    exports.write("orders.csv", "Order ID,Customer,Order date,Total", "1,ann,01/02/2026,5.00", "2,bob,03/04/2026,6.00")
    exports.drafted()
    assert "# ? Order date may be %d/%m/%Y or %m/%d/%Y: day or month first?" in exports.text
    exports.write("orders.csv", "Order ID,Customer,Order date,Total", "1,ann,01/02/2026,5.00", "2,bob,03/24/2026,6.00")
    mapping = exports.drafted()
    assert mapping.exports[0].time_formats == ["%m/%d/%Y"]
    assert "day or month first" not in exports.text


def test_guesses_and_unread_columns_are_said(exports: Exports) -> None:
    exports.write("orders.csv", "Order ID,Placed,Colour of box", "1,2026-01-05,red", "2,2026-01-06,blue")
    exports.drafted()
    assert "no column names a customer: each order is its own" in exports.text
    assert "no column holds an amount" in exports.text
    assert "a guess: no column says it" in exports.text
    assert "# Not read: Colour of box (text)" in exports.text
    assert doubts(exports.text) == 3


def test_headers_that_yaml_would_take_for_something_else_are_quoted(exports: Exports) -> None:
    exports.write(
        "orders [1].csv", "Order No,yes,Date,Total: all,Customer", "1,x,2026-01-05,5.00,ann", "2,y,2026-01-06,1,bob"
    )
    mapping = exports.drafted()
    assert [row["total"] for row in exports.rows(mapping, Entity.ORDER)] == ["5.00", "1"]


@pytest.mark.parametrize(
    ("lines", "kind", "formats"),
    [
        (["2026-01-05 10:00:00", ""], "time", "%Y-%m-%d %H:%M:%S"),
        (["2026-01-05T10:00:00+01:00"], "time", "iso"),
        (["02-Jun-06"], "time", "%d-%b-%y"),
        (["5 Jan 2026"], "time", "%d %b %Y"),
        (["01/05/2026 03:00 PM"], "time", "%d/%m/%Y %I:%M %p"),
        (["20260105"], "time", "%Y%m%d"),
        (["12345678", "123"], "number", None),
        (["1,5"], "number", None),
        (["x"], "text", None),
        ([""], "empty", None),
    ],
)
def test_a_column_is_what_all_its_values_are(tmp_path: Path, lines: list[str], kind: str, formats: str | None) -> None:
    path = tmp_path / "a.csv"
    path.write_text("\n".join(["a;b", *(f"{line};z" for line in lines)]), encoding="utf-8")
    column = profile(path, "a.csv").columns["a"]
    assert (column.kind, column.formats[:1]) == (kind, (formats,) if formats else ())


def test_what_cannot_be_drafted_is_refused_with_the_headers_found(exports: Exports, tmp_path: Path) -> None:
    exports.write("weather.csv", "Station,Rain", "x,1")
    with pytest.raises(ConfigError, match=r"weather\.csv: Station, Rain.*write the mapping by hand"):
        exports.drafted()
    with pytest.raises(ConfigError, match="the file is not there"):
        draft_mapping([tmp_path / "none.csv"])
    (exports.path / "weather.csv").rename(exports.path / "weather.parquet")
    with pytest.raises(ConfigError, match="cannot be read"):
        exports.drafted()
    with pytest.raises(ConfigError, match="lies elsewhere"):
        draft_mapping([exports.path / "weather.parquet"], folder=tmp_path / "other")


def test_a_shell_writes_the_draft_and_no_file_that_is_there(exports: Exports, tmp_path: Path) -> None:
    exports.write("orders.csv", "Order ID,Customer,Placed,Total", "1,ann,2026-01-05,5.00", "2,bob,2026-01-06,6.00")
    out, words = tmp_path / "mine.yaml", ["source", "draft", str(exports.path / "orders.csv"), "--currency", "EUR"]
    printed = CliRunner().invoke(app, words)
    assert "order_id: Order ID" in printed.stdout
    done = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert done.exit_code == 0
    assert load_mapping(str(out)).exports[0].files == "orders.csv"
    again = CliRunner().invoke(app, [*words, "--out", str(out)])
    assert isinstance(again.exception, ConfigError)
