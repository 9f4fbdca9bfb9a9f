"""The cast: buyers whose story is written, so that at the anchor every case a reminder must tell apart is there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from touchpoint.sandbox.world.catalogue import HOSTILE_NICKS
from touchpoint.sandbox.world.order import Kind

PHONE, EMAIL, BOTH, NEITHER, STRANGER = "phone", "email", "both", "neither", "stranger"
"""How the member list reaches somebody; a stranger is not on it."""


@dataclass(frozen=True)
class Open:
    """An order of the cast still open at the anchor, so many hours old then.

    Attributes:
        state: unpaid, deposit (pre-sale), pending (a payment under way), late (pays within the hour after the anchor).
        paid_again: the same item ordered again half an hour later, and paid.
    """

    hours: float
    kind: Kind = Kind.NORMAL
    state: str = "unpaid"
    paid_again: bool = False


@dataclass(frozen=True)
class Role:
    """One buyer of the cast: how many orders they paid before, how to reach them, what is open."""

    scene: str
    paid_before: int
    contact: str
    opens: tuple[Open, ...]
    nickname: str | None = None
    locale: str = "zh-CN"
    shares_phone: bool = False  # with the buyer before


_HOURS = (3.2, 4.5, 6.0, 7.5, 9.0, 11.0, 13.5, 15.0, 16.5, 18.0, 19.5, 21.0)


def _roles(scene: str, count: int, paid_before: int, contact: str, *opens: Open, **more: object) -> list[Role]:
    first = sum(map(ord, scene)) % len(_HOURS)
    return [
        Role(scene, paid_before, contact, opens or (Open(_HOURS[(first + turn) % len(_HOURS)]),), **more)  # type: ignore[arg-type]
        for turn in range(count)
    ]


@cache
def cast() -> tuple[Role, ...]:
    """All roles; a role's place is its buyer's number."""
    again = Open(6.0, paid_again=True)
    roles = [
        *_roles("prospect", 8, 0, PHONE),
        *_roles("new", 6, 1, PHONE),
        *_roles("second_time", 6, 2, PHONE),
        *_roles("loyal", 6, 4, BOTH),
        *_roles("no_address", 4, 1, STRANGER),
        *_roles("no_address_member", 2, 0, NEITHER),
        *_roles("email_only", 5, 1, EMAIL),
        *_roles("email_only_prospect", 3, 0, EMAIL),
        *_roles("cash_on_delivery", 3, 1, PHONE, Open(4.0, Kind.COD)),
        *_roles("price_difference", 3, 3, PHONE, Open(5.0, Kind.DIFFERENCE)),
        *_roles("presale", 2, 0, PHONE, Open(8.0, Kind.PRESALE, "deposit")),
        *_roles("presale_unpaid", 2, 1, PHONE, Open(7.0, Kind.PRESALE)),
        *_roles("payment_under_way", 3, 1, PHONE, Open(5.5, state="pending")),
        *_roles("paid_other_order", 4, 1, PHONE, again),
        *_roles("several", 3, 0, PHONE, Open(9.0), Open(8.7)),
        *_roles("several_loyal", 3, 3, PHONE, Open(10.0), Open(9.9), Open(4.0)),
        *_roles("several_mixed", 2, 1, PHONE, Open(10.0, Kind.COD), Open(9.0)),
        *_roles("english", 3, 0, BOTH, locale="en"),
        *_roles("late_payer", 4, 0, PHONE, Open(12.0, state="late")),
    ]
    for _ in range(2):
        roles += [*_roles("same_address", 1, 0, PHONE), *_roles("same_address", 1, 1, PHONE, shares_phone=True)]
    for place, nickname in enumerate(HOSTILE_NICKS):
        contact = EMAIL if place % 2 else BOTH
        roles += _roles(f"hostile_{place}", 1, 0, contact, nickname=nickname)
    # The line break goes into a mail's subject, so its bearer is reached by e-mail alone.
    roles += _roles("hostile_subject", 1, 1, EMAIL, nickname=HOSTILE_NICKS[2])
    return tuple(roles)
