"""What a shop's own data taught, by version: the one in force at an instant is the same whenever it is asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from touchpoint.db import Json, Row, Transaction
from touchpoint.errors import LedgerError
from touchpoint.settings import content_hash

END_OF_TIME = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Learned:
    """A version of something learned.

    Attributes:
        no: names the version.
        body: what is worked by; durations in seconds.
        learned_as_of: whatever looks from a later instant works by it, aware.
        since, until: facts of this span were looked at; since None: from the first on.
        sample: orders, parcels or customers it was learned from.
        data_hash: SHA-256, hex, of the observations.
    """

    no: int
    name: str
    body: dict[str, Any]
    learned_as_of: datetime
    since: datetime | None
    until: datetime
    sample: int
    data_hash: str
    body_hash: str


def keep(
    tx: Transaction,
    *,
    shop_id: str,
    name: str,
    body: Mapping[str, Any],
    as_of: datetime,
    since: datetime | None,
    until: datetime,
    sample: int,
    data_hash: str,
    or_head: bool = False,
) -> bool:
    """Keep what was learned as the version in force after `as_of`, if it differs from the one in force there.

    Holds the shop's ingest lock until the transaction ends: no record is refreshed meanwhile.

    Args:
        tx: an open transaction.
        shop_id: whose.
        name: of what is learned.
        body: what is worked by.
        as_of: it was learned as of this instant.
        since: facts after it were looked at; None: from the first on.
        until: facts up to it were.
        sample: orders, parcels or customers it was learned from.
        data_hash: SHA-256, hex, of the observations.
        or_head: where the shop's record has gone on meanwhile, keep it as of the head instead of refusing.

    Returns:
        Whether it differs.

    Raises:
        LedgerError: a version of a later instant is there, or the record has been refreshed as of one: what was worked
            by in the past is not written anew.
    """
    tx.do("load/lock_ingest", shop_id=shop_id)
    as_of = _not_before_head(tx, shop_id, name, as_of, or_head)
    latest = in_force(tx, shop_id, name, END_OF_TIME)
    if latest is not None and latest.learned_as_of > as_of:
        raise LedgerError(
            f"{name} of shop {shop_id} was learned as of {latest.learned_as_of.isoformat()}",
            place="record.learned_parameters",
            remedy="learn as of that instant or later; without keeping, any instant will do",
        )
    body_hash = content_hash(dict(body))
    if latest is not None and latest.body_hash == body_hash:
        return False
    tx.count(
        "learn/keep",
        shop_id=shop_id,
        parameter=name,
        body=Json(dict(body)),
        as_of=as_of,
        since=since,
        until=until,
        sample=sample,
        data_hash=data_hash,
        body_hash=body_hash,
    )
    return True


def _not_before_head(tx: Transaction, shop_id: str, name: str, as_of: datetime, or_head: bool) -> datetime:
    """The instant, or the head; what was made as of the head had to do without, and still does when asked again."""
    row = tx.maybe("load/head", shop_id=shop_id)
    head: datetime | None = row["refreshed_as_of"] if row else None
    if head is None or head <= as_of:
        return as_of
    if or_head:
        return head
    raise LedgerError(
        f"{name} would be learned as of {as_of.isoformat()}, and the record of shop {shop_id} was made as of "
        f"{head.isoformat()}, later",
        place="record.learned_parameters",
        remedy="learn as of that instant or later; without keeping, any instant will do",
    )


def in_force(tx: Transaction, shop_id: str, name: str, as_of: datetime) -> Learned | None:
    """The latest version learned at an instant or before, None: there is none. What a run works by is `Lessons`."""
    row = tx.maybe("learn/in_force", shop_id=shop_id, parameter=name, as_of=as_of)
    return _learned(row) if row else None


@dataclass(frozen=True)
class Lessons:
    """What a shop had learned before an instant, by name.

    Before it, and not at it: what the run of that very instant learns beside its campaigns is for the next run, however
    fast it was.
    """

    tx: Transaction
    shop_id: str
    as_of: datetime

    def version(self, name: str, no: int | None = None) -> Learned | None:
        """The version in force just before the instant, or the one of that number; None: there is none."""
        if no is None:
            return in_force(self.tx, self.shop_id, name, self.as_of - timedelta.resolution)
        row = self.tx.maybe("learn/by_no", shop_id=self.shop_id, parameter=name, parameter_no=no)
        return _learned(row) if row else None


def _learned(row: Row) -> Learned:
    return Learned(no=row["parameter_no"], **{key: row[key] for key in Learned.__dataclass_fields__ if key != "no"})
