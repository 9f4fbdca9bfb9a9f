"""Unknown is resolved, not guessed: the provider is asked by our own ids, then the purpose decides.

Asked at 2, 10 and 60 minutes after the attempt. Found: accepted. Absent at the last query: a transactional message goes
back to waiting once in its life, a promotional one is abandoned. Where nobody can be asked (SMTP has no query; an
address that was forgotten) promotional is abandoned after the last query's time, transactional stays unknown: it is
not sent again, because nothing says that it did not arrive.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from touchpoint.clock import Clock, real_now
from touchpoint.db import Database, Row
from touchpoint.model import Channel, SendResult, UnresolvedAttempt
from touchpoint.outbox.ports import Sender
from touchpoint.outbox.tally import Tally
from touchpoint.settings import Shop

QUERY_AFTER = tuple(timedelta(minutes=minutes) for minutes in (2, 10, 60))
"""When a provider is asked, counted from the attempt, in real time. A late resolver asks once for all that are due."""
PAGE = 100
"""Attempts asked about between two commits."""
Verdict = tuple[Row, str, SendResult | None, int]


def resolve(
    db: Database,
    *,
    realm: str,
    shop: Shop,
    channels: Mapping[Channel, Sender],
    clock: Clock,
    force: bool = False,
    now: datetime | None = None,
) -> Tally:
    """Ask the providers about attempts whose time for it has come.

    Args:
        db: the Touchpoint database.
        realm: whose outbox.
        shop: whose outbox.
        channels: open channels; attempts of other kinds are left alone.
        clock: business time, for the new states.
        force: ask about every unknown attempt, due or not; absent counts as final no sooner than otherwise.
        now: real time to judge by, for tests; default the wall clock.

    Returns:
        done: accepted, waiting (one more try), abandoned, unknown (asked, or nobody to ask, and still unknown).
    """
    with db.transaction() as tx:
        rows = tx.many("outbox/unresolved", realm=realm, shop_id=shop.id)
    real = now or real_now()
    tally = Tally()
    for kind, sender in channels.items():
        due = [row for row in rows if row["channel"] == kind.value and (force or _passed(row, real) > row["queries"])]
        for first in range(0, len(due), PAGE):
            page = due[first : first + PAGE]
            tally.done.update(_write(db, _verdicts(sender, page, real), clock.now()))
    return tally


def _passed(row: Row, now: datetime) -> int:
    """How many of the query times have come."""
    return sum(now - row["started_real_at"] >= wait for wait in QUERY_AFTER)


def _verdicts(sender: Sender, rows: list[Row], now: datetime) -> list[Verdict]:
    """(row, verdict, answer, queries) for each attempt there is something to say about."""
    askable = [row for row in rows if sender.can_query and row["address"]]
    answers = sender.query([_question(row) for row in askable]) if askable else {}
    told: list[Verdict] = []
    for row in rows:
        passed = _passed(row, now)
        is_last = passed == len(QUERY_AFTER)
        if sender.can_query and row["address"]:
            if row["attempt_id"] not in answers:
                continue  # the query itself failed: asked again next time
            answer = answers[row["attempt_id"]]
            verdict = "found" if answer else "absent" if is_last else "missing"
            told.append((row, verdict, answer, max(passed, row["queries"])))
        elif is_last:
            told.append((row, "unaskable", None, passed))
    return told


def _question(row: Row) -> UnresolvedAttempt:
    return UnresolvedAttempt(
        attempt_id=row["attempt_id"],
        group_id=row["group_id"],
        address=row["address"],
        address_hash=row["address_hash"],
        started_on=row["started_real_at"].astimezone(UTC).date(),
    )


def _write(db: Database, told: list[Verdict], at: datetime) -> Counter[str]:
    if not told:
        return Counter()
    with db.transaction() as tx:
        tx.do("outbox/lock_attempted", attempt_ids=[row["attempt_id"] for row, _, _, _ in told])
        rows = tx.many(
            "outbox/resolve",
            attempt_ids=[row["attempt_id"] for row, _, _, _ in told],
            verdicts=[verdict for _, verdict, _, _ in told],
            provider_refs=[answer and answer.provider_ref for _, _, answer, _ in told],
            segments=[answer and answer.segments for _, _, answer, _ in told],
            costs=[answer and answer.cost_minor for _, _, answer, _ in told],
            queries=[queries for _, _, _, queries in told],
            at=at,
        )
    return Counter(row["state"] for row in rows)
