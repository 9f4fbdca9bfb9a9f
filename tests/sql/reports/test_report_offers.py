"""What is told of offers adds up with what the claim gave out."""

from __future__ import annotations

from datetime import timedelta

from tests.faults.world import AT, World, shop

from touchpoint.db import Database
from touchpoint.reports.offers import offers_of
from touchpoint.settings import Offer

TERMS = {"quota": 3, "from": "2026-11-01", "until": "2026-11-30"}
DAY = timedelta(days=1)


def offer(offer_id: str, **terms: object) -> Offer:
    given = {"id": offer_id, "text": {"zh-CN": "九折"}, "shops": {"stall": {**TERMS, **terms}}}
    return Offer.model_validate(given)


def test_used_is_what_is_held_and_every_offer_is_named(database: Database) -> None:
    world = World(database)
    ids = world.add(5)
    world.sql(
        "UPDATE ledger.message SET offer_id = CASE WHEN message_id = %(last)s THEN 'old' ELSE 'treat' END", last=ids[4]
    )
    for slot, message in enumerate(ids[:3], 1):
        world.sql(
            "INSERT INTO ledger.offer_grant (realm, shop_id, offer_id, slot, message_id, granted_at)"
            " VALUES ('live', 'stall', 'treat', %(slot)s, %(id)s, %(at)s)",
            slot=slot, id=message, at=AT,
        )  # fmt: skip
    for message, state, reason in (
        (ids[0], "accepted", None),
        (ids[1], "rejected", "no"),
        (ids[3], "cancelled", "offer_gone"),
    ):
        world.sql(
            "UPDATE ledger.message SET state = %(s)s, reason = %(r)s WHERE message_id = %(id)s",
            s=state,
            r=reason,
            id=message,
        )
    made = {each: offer(each) for each in ("treat", "unused")}
    made["elsewhere"] = Offer.model_validate({"id": "elsewhere", "text": {"en": "x"}, "shops": {"other": TERMS}})
    with database.transaction() as tx:
        found = offers_of(tx, realm="live", shop=shop(), offers=made)
    told = {each.offer_id: (each.used, each.left, each.accepted, each.waiting, each.too_late) for each in found}
    assert told == {"old": (0, None, 0, 1, 0), "treat": (2, 1, 1, 1, 1), "unused": (0, 3, 0, 0, 0)}
    states = {each.offer_id: [each.state(AT + days * DAY) for days in (-30, 0, 10, 11)] for each in found}
    assert states["treat"] == ["not_begun", "open", "open", "over"]
    assert states["old"] == ["withdrawn"] * 4


def test_all_given_out_is_gone_and_a_lowered_quota_leaves_none(database: Database) -> None:
    world = World(database)
    for slot, message in enumerate(world.add(2), 1):
        world.sql("UPDATE ledger.message SET offer_id = 'treat' WHERE message_id = %(id)s", id=message)
        world.sql(
            "INSERT INTO ledger.offer_grant (realm, shop_id, offer_id, slot, message_id, granted_at)"
            " VALUES ('live', 'stall', 'treat', %(slot)s, %(id)s, %(at)s)",
            slot=slot, id=message, at=AT,
        )  # fmt: skip
    with database.transaction() as tx:
        for quota in (2, 1):
            [found] = offers_of(tx, realm="live", shop=shop(), offers={"treat": offer("treat", quota=quota)})
            assert (found.left, found.state(AT)) == (0, "gone")
