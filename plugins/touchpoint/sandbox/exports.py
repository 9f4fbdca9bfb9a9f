"""The member list as the shop exports it: gzipped CSV files that appear in a folder, as people write them."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from touchpoint.sandbox.state import ZONE
from touchpoint.sandbox.world.buyers import Consent, Member
from touchpoint.sandbox.world.shop import World

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
)
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
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"members_{at.astimezone(ZONE).strftime(_STAMP)}.csv.gz"
    partial = folder / f".{path.name}.partial"
    # mtime=0: the same list gives the same bytes.
    partial.write_bytes(gzip.compress(_csv(members).encode("utf-8-sig"), mtime=0))
    os.utime(partial, (at.timestamp(), at.timestamp()))
    partial.replace(path)
    return path


def latest_export(folder: Path) -> datetime | None:
    """The instant the latest export speaks of; None if there is none."""
    names = sorted(path.name for path in folder.glob("members_*.csv.gz"))
    if not names:
        return None
    stamp = names[-1].removeprefix("members_").removesuffix(".csv.gz")
    return datetime.strptime(stamp, _STAMP).replace(tzinfo=ZONE).astimezone(UTC)


def write_due_export(world: World, folder: Path, now: datetime) -> Path | None:
    """What the shop does by itself now and then: the whole list as at the anchor first, then what has changed."""
    latest = latest_export(folder)
    if latest is None:
        return write_export(world, folder, min(world.origin.anchor, now))
    return write_export(world, folder, now, latest) if now > latest else None


def _csv(members: Iterable[Member]) -> str:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    writer.writerows(_row(member) for member in members)
    return text.getvalue()


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
    )


def _consent(consent: Consent) -> tuple[str, str, str]:
    if consent.given is None:
        return "", "", ""
    return "是" if consent.given else "否", _local(consent.at), consent.method


def _local(epoch: int) -> str:
    return datetime.fromtimestamp(epoch, ZONE).strftime(_TIME)
