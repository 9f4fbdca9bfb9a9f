"""The segments of the time before a shop's first refresh: made as of past instants, kept as if the record had stood.

Looked from one instant after another, by what had happened and was known at each; between two of them a segment holds
until the next. So "who was loyal on 1 May" has an answer in a shop that was connected in June.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from touchpoint.db import Transaction
from touchpoint.errors import TouchpointError
from touchpoint.record import made
from touchpoint.record.segments import CAUSE, everybody
from touchpoint.settings import Segments, Shop, Tags

MOST_STEPS = 1000


def recall(tx: Transaction, *, shop: Shop, since: datetime, every: timedelta, segments: Segments, tags: Tags) -> int:
    """Keep the segments of every customer from `since` until the first refresh. What was recalled before goes.

    Args:
        tx: an open transaction.
        shop: the shop.
        since: the first instant, aware; before the first refresh.
        every: the step; each costs a pass over the shop.
        segments: the rules of scores, stages and dormancy, as they are today.
        tags: the tags there are.

    Returns:
        Spans kept.

    Raises:
        TouchpointError: the shop has no record yet, `since` does not lie before it, or there are too many steps.
    """
    begins = tx.one("segments/first_refresh", shop_id=shop.id)["begins"]
    if begins is None or since >= begins:
        raise TouchpointError(
            "nothing to recall: " + ("no record yet" if begins is None else f"the record begins at {begins:%Y-%m-%d}"),
            place=f"shop {shop.id}",
            remedy="run a refresh first" if begins is None else "name an instant before that",
        )
    if not timedelta() < every or (begins - since) / every > MOST_STEPS:
        raise TouchpointError(
            f"from {since:%Y-%m-%d} to {begins:%Y-%m-%d} every {every} is no step, or more than {MOST_STEPS}",
            place=f"shop {shop.id}",
            remedy="name a longer step: each is a pass over the shop, all in one transaction",
        )
    given = {"shop": shop, "segments": segments, "tags": tags, "wanted": (CAUSE,)}
    with made.table(tx, "recalled") as recalled:
        tx.do("segments/recall_room", recalled=recalled)
        at = since
        while at < begins:
            with everybody(tx, as_of=at, **given) as everyone:  # type: ignore[arg-type]
                tx.count("segments/recall_add", recalled=recalled, standing=everyone.standing, at=at)
            at += every
        tx.do("features/analyse_made", made=recalled)
        tx.count("segments/recall_forget", shop_id=shop.id, begins=begins)
        return tx.count("segments/recall_keep", recalled=recalled, begins=begins)
