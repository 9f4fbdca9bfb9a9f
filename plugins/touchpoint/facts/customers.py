"""Two customers who are one person: merging them, who is who as of an instant, and who perhaps is one.

A merge is known from an instant on and changes nothing of before it: the facts of the merged customer become the
survivor's as by any other correction, with the replaced versions in their histories, and the ledger is read through
both identities. Nothing undoes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from touchpoint.db import Row, Transaction
from touchpoint.errors import TimeError, TouchpointError
from touchpoint.facts.landing import lock_ingest
from touchpoint.facts.merge import personal_facts

ALWAYS = "infinity"
"""As an instant: with every merge that is known today."""


@dataclass(frozen=True)
class Account:
    """A customer of a shop as of an instant.

    Attributes:
        identity: the person they are, by all that was merged until then.
        survivor_id: the customer id their facts stand under: their own, unless they were merged into another.
    """

    customer_no: int
    customer_id: str
    identity: UUID
    is_guest: bool
    survivor_id: str

    @property
    def is_merged(self) -> bool:
        """Whether they were merged into another customer."""
        return self.survivor_id != self.customer_id


@dataclass(frozen=True)
class Merged:
    """A merge as it was kept.

    Attributes:
        identity: of the person who survives.
        identities: of the persons that are one now, the survivor's first; a single one where they were one already.
        moved: facts that changed their customer, by table.
    """

    merge_no: int
    identity: UUID
    identities: tuple[UUID, ...]
    known_at: datetime
    moved: dict[str, int] = field(default_factory=dict)


def account(tx: Transaction, shop_id: str, customer_id: str, as_of: datetime | str = ALWAYS) -> Account:
    """A customer, with who they are as of an instant.

    Raises:
        TouchpointError: the shop knows no such customer.
    """
    row = tx.maybe("people/customer", shop_id=shop_id, customer_id=customer_id, as_of=as_of)
    if row is None:
        raise TouchpointError(
            f"no customer {customer_id!r}",
            place=f"shop {shop_id}",
            remedy="give the id the platform knows them by; customers of other shops, of one brand too, are not merged",
        )
    return Account(**row)


def accounts(tx: Transaction, identity: UUID, as_of: datetime | str = ALWAYS) -> list[Row]:
    """Every customer of a person, in all shops of the brand: shop_id, customer_id, stands_for, known_at."""
    return tx.many("people/accounts", identity=identity, as_of=as_of)


def merge(
    tx: Transaction, *, shop_id: str, from_id: str, into_id: str, who: str, note: str | None, at: datetime
) -> Merged:
    """Say that one customer of a shop is another, from an instant on.

    Args:
        tx: a transaction that holds the decide locks of the shop and its brand.
        shop_id: whose customers both are.
        from_id: whose facts become the other's.
        into_id: who survives, and whose identity does.
        who: says it.
        note: why; kept until the person is forgotten.
        at: business time, later than every run and load of the shops that know the two.

    Raises:
        TouchpointError: there is no such customer, both are the same, one was merged before, or the survivor is a
            guest; nothing is written.
        TimeError: something was decided or learned at that instant or after it: its past would change.
    """
    lock_ingest(tx, shop_id)
    loser, winner = account(tx, shop_id, from_id), account(tx, shop_id, into_id)
    _require_mergeable(shop_id, loser, winner)
    _require_later(tx, shop_id, [loser.identity, winner.identity], at)
    batch_id = tx.one("people/open_batch", shop_id=shop_id, who=who, at=at)["batch_id"]
    merge_no = tx.one(
        "people/store_merge",
        shop_id=shop_id,
        from_no=loser.customer_no,
        into_no=winner.customer_no,
        from_identity=loser.identity,
        into_identity=winner.identity,
        who=who,
        note=note,
        at=at,
        batch_id=batch_id,
    )["merge_no"]
    numbers = {"from_no": loser.customer_no, "into_no": winner.customer_no}
    tx.count("people/follow_customers", shop_id=shop_id, at=at, **numbers)
    identities = tuple(dict.fromkeys((winner.identity, loser.identity)))
    if len(identities) > 1:
        tx.count("people/follow_identities", from_identity=loser.identity, into_identity=winner.identity, at=at)
    return Merged(merge_no, winner.identity, identities, at, _move_facts(tx, shop_id, batch_id, at, **numbers))


def list_merges(tx: Transaction, shop_id: str) -> list[Row]:
    """Who was merged into whom, the latest first."""
    return tx.many("people/list_merges", shop_id=shop_id)


def twins(tx: Transaction, shop_id: str, at: datetime) -> list[Row]:
    """Customers who share a phone or an e-mail and are not known to be one person: ids and hashes alone."""
    return tx.many("people/twins", shop_id=shop_id, at=at)


def forget_notes(tx: Transaction, shop_id: str, identity: UUID) -> int:
    """Empty the notes beside a person's merges, for whoever forgets them; how many there were."""
    return tx.count("people/forget_notes", shop_id=shop_id, identity=identity)


def _require_mergeable(shop_id: str, loser: Account, winner: Account) -> None:
    place = f"shop {shop_id}"
    if loser.customer_no == winner.customer_no:
        raise TouchpointError(f"{loser.customer_id!r} is one customer already", place=place, remedy="name two")
    if loser.is_merged:
        raise TouchpointError(
            f"{loser.customer_id!r} was merged into {loser.survivor_id!r} before",
            place=place,
            remedy=f"merge {loser.survivor_id!r}, if the two are one",
        )
    if winner.is_merged:
        raise TouchpointError(
            f"{winner.customer_id!r} was merged into {winner.survivor_id!r} before",
            place=place,
            remedy=f"merge into {winner.survivor_id!r}",
        )
    if winner.is_guest:
        raise TouchpointError(
            f"{winner.customer_id!r} is a guest: nothing but one order is known of them",
            place=place,
            remedy="merge the guest into the customer",
        )


def _require_later(tx: Transaction, shop_id: str, identities: list[UUID], at: datetime) -> None:
    latest = tx.one("people/latest_instant", identities=identities)["at"]
    if latest is not None and at <= latest:
        raise TimeError(
            f"a merge at {at.isoformat()} would change what a run of {latest.isoformat()} saw",
            place=f"shop {shop_id}",
            remedy="merge at a later instant: wait until the business clock has gone on",
        )


def _move_facts(
    tx: Transaction, shop_id: str, batch_id: int, at: datetime, *, from_no: int, into_no: int
) -> dict[str, int]:
    moved = {}
    for fact in personal_facts():
        given = {"shop_id": shop_id, "from_no": from_no, "at": at, "fact": fact.relation}
        tx.count("people/keep_versions", history=fact.history, others=fact.beside_customer, **given)
        moved[fact.relation] = tx.count("people/change_customer", into_no=into_no, batch_id=batch_id, **given)
    return moved
