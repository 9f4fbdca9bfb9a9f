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
        learned_as_of: from here on it is in force, aware.
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
) -> bool:
    """Keep what was learned as the version in force from `as_of` on, if it differs from the one in force there.

    Returns:
        Whether it differs.

    Raises:
        LedgerError: a version of a later instant is there: the past of what was in force is not written anew.
    """
    tx.do("learn/lock", shop_id=shop_id, parameter=name)
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


def in_force(tx: Transaction, shop_id: str, name: str, as_of: datetime) -> Learned | None:
    """The version in force at an instant; None: nothing was learned by then."""
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
