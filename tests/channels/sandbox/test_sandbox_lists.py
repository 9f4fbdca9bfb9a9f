"""The shop's catalogue, reviews, inquiries and visits: what is exported is what its trades and buyers are about."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.sandbox_process import Sandbox

from touchpoint.model import Entity, Window
from touchpoint.sandbox.exports import latest_export, write_due_exports
from touchpoint.sandbox.journal import Journal
from touchpoint.sandbox.platform.trades import product_of
from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world.buyers import number_of
from touchpoint.sandbox.world.catalogue import CASUAL, RETRO, SEQUINS
from touchpoint.sandbox.world.order import What
from touchpoint.sandbox.world.reviews import LATEST, reviews
from touchpoint.sandbox.world.shop import World
from touchpoint.sandbox.world.tastes import is_browser
from touchpoint.settings import load_shop
from touchpoint.sources.files.mapping import load_mapping
from touchpoint.sources.files.source import FilesSource

ANCHOR = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
WINDOW = Window(ANCHOR - timedelta(days=400), ANCHOR)


def rows_of(path: Path) -> list[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(Origin(7, ANCHOR), Journal(tmp_path / "forced.jsonl"))


def landed(folder: Path, mapping: str, entity: Entity) -> list[dict[str, str | None]]:
    source = FilesSource(load_shop("sandbox"), load_mapping(mapping), folder)
    return [row for page in source.read(entity, WINDOW) for row in page.tables[entity].to_pylist()]


def test_the_catalogue_holds_what_is_ordered_in_three_series(world: World, tmp_path: Path) -> None:
    write_due_exports(world, tmp_path, ANCHOR)
    products = landed(tmp_path, "sandbox_products", Entity.PRODUCT)
    series = Counter(row["series"] for row in products)
    assert set(series) == {RETRO, SEQUINS, CASUAL, None}
    assert all(series[each] >= 15 for each in (RETRO, SEQUINS, CASUAL))
    titles = {row["product_id"]: row["title"] for row in products}
    epoch = int(ANCHOR.timestamp())
    lines = [line for each in world.created(epoch - 86400, epoch, epoch) for line in each.order.lines]
    ordered = {product_of(line)[:2] for line in lines if line.product >= 0}
    assert len(ordered) > 10
    assert all(titles[str(number)] == title for number, title in ordered)
    # Known before the first order was made.
    assert {row["modified_at"] for row in products} == {"2024-09-11T10:30:00+08:00"}


def test_reviews_are_of_finished_orders_and_bad_where_something_went_wrong(world: World) -> None:
    end = int(ANCHOR.timestamp())
    orders = {each.order.tid: each for each in world.created(end - 120 * 86400, end, end)}
    found = reviews(world, end - 60 * 86400, end)
    assert len(found) > 300
    assert [each.at for each in found] == sorted(each.at for each in found)
    assert len({each.number for each in found}) == len(found)
    for each in found:
        finished = orders[each.tid].when(What.FINISHED)
        assert finished < each.at <= finished + LATEST
    unhappy = [each.score for each in found if orders[each.tid].order.mishap]
    happy = [each.score for each in found if not orders[each.tid].order.mishap]
    assert sum(unhappy) / len(unhappy) < 3.3 < 4 < sum(happy) / len(happy)


def test_reviews_land_and_later_exports_hold_the_new_ones(world: World, tmp_path: Path) -> None:
    write_due_exports(world, tmp_path, ANCHOR)
    later = ANCHOR + timedelta(hours=5)
    write_due_exports(world, tmp_path, later)
    first, second = (rows_of(path) for path in sorted((tmp_path / "reviews").iterdir()))
    assert latest_export(tmp_path / "reviews") == later
    assert len(list((tmp_path / "products").iterdir())) == 1
    assert 0 < len(second) < len(first)
    assert not {row["评价编号"] for row in first} & {row["评价编号"] for row in second}
    rows = landed(tmp_path, "sandbox_reviews", Entity.REVIEW)
    assert len(rows) == len(first) + len(second)
    assert {row["score"] for row in rows} == {"1", "2", "3", "4", "5"}


def test_products_were_listed_before_anybody_ordered_them_by_themselves(world: World, tmp_path: Path) -> None:
    write_due_exports(world, tmp_path, ANCHOR)
    listed = {row["product_id"]: row["listed_at"] for row in landed(tmp_path, "sandbox_products", Entity.PRODUCT)}
    assert len(set(listed.values())) == 3
    # The scenes of the cast are written down without regard to it.
    maker = world._maker
    for day in (5, 60, 200):
        for order in maker.history(day).orders:
            for line in order.lines:
                if line.product >= 0:
                    on_offer = datetime.fromisoformat(str(listed[str(product_of(line)[0])]))
                    assert order.created >= on_offer.timestamp()


def test_inquiries_are_about_orders_or_before_them_and_complaints_where_something_went_wrong(
    world: World, tmp_path: Path
) -> None:
    write_due_exports(world, tmp_path, ANCHOR)
    write_due_exports(world, tmp_path, ANCHOR + timedelta(hours=6))
    rows = landed(tmp_path, "sandbox_inquiries", Entity.INQUIRY)
    assert len({row["inquiry_id"] for row in rows}) == len(rows) > 800
    kinds = Counter((row["kind"], row["order_id"] is None) for row in rows)
    assert set(kinds) == {("inquiry", True), ("inquiry", False), ("complaint", False)}
    assert kinds["complaint", False] > 20
    end = int(ANCHOR.timestamp())
    buyers = {
        str(each.order.tid): each.order.buyer for each in world.created(end - 250 * 86400, end + 86400, end + 86400)
    }
    assert all(row["customer_id"] == world.buyers.ouid(buyers[str(row["order_id"])]) for row in rows if row["order_id"])


def test_visits_of_nobody_are_exported_and_do_not_land(world: World, tmp_path: Path) -> None:
    write_due_exports(world, tmp_path, ANCHOR)
    later = ANCHOR + timedelta(hours=6)
    write_due_exports(world, tmp_path, later)
    written = [row for path in sorted((tmp_path / "visits").iterdir()) for row in rows_of(path)]
    rows = landed(tmp_path, "sandbox_visits", Entity.VISIT)
    assert 0.55 < len(rows) / len(written) < 0.75
    assert len({row["visit_id"] for row in rows}) == len(rows) > 5000
    assert {row["device"] for row in rows} == {"phone", "computer", "tablet"}
    assert max(datetime.fromisoformat(str(row["happened_at"])) for row in rows) <= later
    usual: dict[bool, list[int]] = {True: [], False: []}
    for row in rows:
        usual[is_browser(number_of(str(row["customer_id"])))].append(int(str(row["seconds"])))
    assert max(usual[True]) < 40 < sorted(usual[False])[len(usual[False]) // 2]


def test_the_running_sandbox_has_all_lists_from_the_start(sandbox: Sandbox) -> None:
    assert {path.name for path in sandbox.exports_dir.iterdir()} >= {
        "members", "products", "reviews", "inquiries", "visits",
    }  # fmt: skip
    at = (ANCHOR + timedelta(hours=2)).isoformat()
    told = sandbox.control("POST", "/control/exports", {"at": at})
    assert rows_of(Path(told["reviews"]))
