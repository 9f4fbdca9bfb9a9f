"""What the shop exports itself: gzipped CSV files that appear in folders, as people write them.

Members, reviews, inquiries, visits: the first file of a folder is the whole list as at the anchor (of the last months),
later ones hold what has changed. Products: the whole list, once, for nothing changes in it.
"""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from touchpoint.sandbox.state import ZONE
from touchpoint.sandbox.world.buyers import Consent, Member
from touchpoint.sandbox.world.catalogue import LISTED_BEFORE, PRODUCTS
from touchpoint.sandbox.world.dice import DAY
from touchpoint.sandbox.world.reviews import reviews
from touchpoint.sandbox.world.shop import World
from touchpoint.sandbox.world.visits import inquiries, visits

HEADER = (
    "ouid",
    "会员昵称",
    "手机号",
    "邮箱",
    "生日",
    "语言",
    "入会时间",
    "短信营销授权",
    "短信授权时间",
    "短信授权方式",
    "邮件营销授权",
    "邮件授权时间",
    "邮件授权方式",
    "资料更新时间",
    "性别",
)
PRODUCT_HEADER = ("商品ID", "商品标题", "系列", "类目", "价格", "更新时间", "上架时间")
REVIEW_HEADER = ("评价编号", "订单编号", "评分", "评价时间")
INQUIRY_HEADER = ("咨询编号", "ouid", "订单编号", "类型", "场景", "时间")
VISIT_HEADER = ("访问编号", "ouid", "开始时间", "停留秒数", "浏览页数", "设备")
REVIEWS_BACK = timedelta(days=180)
"""How far back the first list of reviews goes, and of inquiries."""
VISITS_BACK = timedelta(days=90)
_LISTED_BEFORE = timedelta(days=800)
"""Before the anchor the catalogue was put up: before the first order in it."""
_STAMP = "%Y%m%dT%H%M%S"
_TIME = "%Y-%m-%d %H:%M:%S"


def write_export(world: World, folder: Path, at: datetime, since: datetime | None = None) -> Path | None:
    """Write the members as at `at`; with `since`, those changed after it (None if there are none, and no file).

    The file appears whole or not at all, its name and its mtime telling the instant it speaks of.
    """
    lowest = -1 if since is None else int(since.timestamp())
    members = [member for member in world.buyers.members(int(at.timestamp())) if member.modified_at > lowest]
    if not members and since is not None:
        return None
    return _written(folder, "members", at, HEADER, map(_row, members))


def write_products(world: World, folder: Path) -> Path:
    """Write the catalogue."""
    entered = _local(int((world.origin.anchor - _LISTED_BEFORE).timestamp()))
    rows = (
        (
            str(each.num_iid),
            each.title,
            each.series,
            each.category,
            f"{each.price / 100:.2f}",
            entered,
            _local(on_offer),
        )
        for each, days in zip(PRODUCTS, LISTED_BEFORE, strict=True)
        for on_offer in [world.origin.anchor_epoch - days * DAY]
    )
    return _written(folder, "products", world.origin.anchor, PRODUCT_HEADER, rows)


def write_reviews(world: World, folder: Path, at: datetime, since: datetime | None = None) -> Path | None:
    """Write the reviews of the last months as at `at`; with `since`, those written after it (None if none were)."""
    found = reviews(world, int((since or at - REVIEWS_BACK).timestamp()), int(at.timestamp()))
    if not found and since is not None:
        return None
    rows = ((str(each.number), str(each.tid), str(each.score), _local(each.at)) for each in found)
    return _written(folder, "reviews", at, REVIEW_HEADER, rows)


def write_inquiries(world: World, folder: Path, at: datetime, since: datetime | None = None) -> Path | None:
    """Write the questions and complaints of the last months as at `at`; with `since`, those made after it."""
    found = inquiries(world, int((since or at - REVIEWS_BACK).timestamp()), int(at.timestamp()))
    if not found and since is not None:
        return None
    ouid = world.buyers.ouid
    rows = (
        (each.number, ouid(each.buyer), str(each.tid or ""), each.kind, each.scenario, _local(each.at))
        for each in found
    )
    return _written(folder, "inquiries", at, INQUIRY_HEADER, rows)


def write_visits(world: World, folder: Path, at: datetime, since: datetime | None = None) -> Path | None:
    """Write the visits of the last months as at `at`, nobody's among them; with `since`, those begun after it."""
    found = visits(world, int((since or at - VISITS_BACK).timestamp()), int(at.timestamp()))
    if not found and since is not None:
        return None
    rows = (
        (
            each.number,
            "" if each.buyer is None else world.buyers.ouid(each.buyer),
            _local(each.at),
            str(each.seconds),
            str(each.pages),
            each.device,
        )
        for each in found
    )
    return _written(folder, "visits", at, VISIT_HEADER, rows)


def latest_export(folder: Path) -> datetime | None:
    """The instant the latest export of a folder speaks of; None if there is none."""
    stamps = sorted(path.name.removesuffix(".csv.gz").rpartition("_")[2] for path in folder.glob("*_*.csv.gz"))
    return datetime.strptime(stamps[-1], _STAMP).replace(tzinfo=ZONE).astimezone(UTC) if stamps else None


def write_due_export(world: World, folder: Path, now: datetime) -> Path | None:
    """What the shop does by itself now and then: the whole list as at the anchor first, then what has changed."""
    return _due(write_export, world, folder, now)


def write_due_exports(world: World, root: Path, now: datetime) -> None:
    """The same for every list, each in its folder: members, products, reviews, inquiries, visits."""
    write_due_export(world, root / "members", now)
    if latest_export(root / "products") is None:
        write_products(world, root / "products")
    _due(write_reviews, world, root / "reviews", now)
    _due(write_inquiries, world, root / "inquiries", now)
    _due(write_visits, world, root / "visits", now)


class _Write(Protocol):
    def __call__(self, world: World, folder: Path, at: datetime, since: datetime | None = None) -> Path | None: ...


def _due(write: _Write, world: World, folder: Path, now: datetime) -> Path | None:
    latest = latest_export(folder)
    if latest is None:
        return write(world, folder, min(world.origin.anchor, now))
    return write(world, folder, now, latest) if now > latest else None


def _written(folder: Path, name: str, at: datetime, header: Sequence[str], rows: Iterable[Sequence[str]]) -> Path:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}_{at.astimezone(ZONE).strftime(_STAMP)}.csv.gz"
    partial = folder / f".{path.name}.partial"
    # mtime=0: the same list gives the same bytes.
    partial.write_bytes(gzip.compress(text.getvalue().encode("utf-8-sig"), mtime=0))
    os.utime(partial, (at.timestamp(), at.timestamp()))
    partial.replace(path)
    return path


def _row(member: Member) -> tuple[str, ...]:
    return (
        member.ouid,
        member.nickname,
        member.phone,
        member.email,
        member.birthday,
        member.locale,
        _local(member.joined_at),
        *_consent(member.sms),
        *_consent(member.mail),
        _local(member.modified_at),
        member.gender,
    )


def _consent(consent: Consent) -> tuple[str, str, str]:
    if consent.given is None:
        return "", "", ""
    return "是" if consent.given else "否", _local(consent.at), consent.method


def _local(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, ZONE).strftime(_TIME)
