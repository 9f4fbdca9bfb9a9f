"""The buyers, and what the shop's own member list says of them at an instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from touchpoint.sandbox.state import Origin
from touchpoint.sandbox.world import cast as roles
from touchpoint.sandbox.world.catalogue import ENGLISH, GIVEN, NICKS, PROVINCE_WEIGHTS, SURNAMES
from touchpoint.sandbox.world.dice import DAY, HOUR, MINUTE, dice, letters

BASE = 3000
"""Buyers at the anchor. Each hour after it brings NEWCOMERS more."""
NEWCOMERS = 15
CONTROLLED = 5_000_000
"""Numbers of buyers made through /control/world begin here."""
MEMBER_SHARE = 0.70
CHANGES_PER_HOUR = 2
FAMILY_EVERY = 97  # each such member shares the phone of the one before


@dataclass(frozen=True, slots=True)
class Consent:
    """What a member said about advertising on a channel: given True/False, None if never asked."""

    given: bool | None
    at: int
    method: str


NEVER_ASKED = Consent(None, 0, "")


@dataclass(frozen=True, slots=True)
class Member:
    """A row of the member list; instants in seconds since 1970."""

    ouid: str
    nickname: str
    phone: str
    email: str
    birthday: str
    locale: str
    joined_at: int
    sms: Consent
    mail: Consent
    modified_at: int
    gender: str = ""


@dataclass(frozen=True, slots=True)
class Buyer:
    """A buyer as the platform knows them; `contact` as in cast.py."""

    number: int
    ouid: str
    open_uid: str
    nickname: str
    name: str
    province: int
    contact: str
    locale: str


def number_of(ouid: str) -> int:
    """The buyer's number an ouid ends in."""
    return int(ouid[-8:], 16)


class Buyers:
    """All buyers, made up on demand. Numbers below BASE were there at the anchor; the rest came hour by hour."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self.buyer = lru_cache(maxsize=8192)(self._buyer)
        self.controlled: dict[int, Member] = {}

    def newcomer(self, hour: int, place: int) -> int:
        """The number of the buyer who came as such and such in an hour after the anchor."""
        return BASE + hour * NEWCOMERS + place

    def ouid(self, number: int) -> str:
        """The platform's stable key of a buyer in this shop."""
        return f"AA{letters(10, self._origin.seed, 'ouid', number)}{number:08x}"

    def _buyer(self, number: int) -> Buyer:
        luck = dice(self._origin.seed, "buyer", number)
        name = luck.choice(SURNAMES) + luck.choice(GIVEN)
        is_english = luck.random() < 0.05
        nickname = _nickname(luck.random(), name, number, is_english=is_english)
        province = luck.choices(range(len(PROVINCE_WEIGHTS)), PROVINCE_WEIGHTS)[0]
        contact = _contact(luck.random(), luck.random())
        open_uid = "AAH" + letters(20, self._origin.seed, "open_uid", number)
        buyer = Buyer(
            number, self.ouid(number), open_uid, nickname, name, province, contact, "en" if is_english else "zh-CN"
        )
        if number < len(roles.cast()):
            role = roles.cast()[number]
            return replace(buyer, contact=role.contact, locale=role.locale, nickname=role.nickname or name)
        return buyer

    def joined_at(self, number: int) -> int:
        """When a member joined. The cast joined before the anchor, newcomers about when they first order."""
        luck = dice(self._origin.seed, "joined", number)
        anchor = self._origin.anchor_epoch
        if number >= BASE:
            return anchor + (number - BASE) // NEWCOMERS * HOUR + int(luck.uniform(-20, 90) * MINUTE)
        if number >= len(roles.cast()) and luck.random() < 0.03:
            return anchor + int(luck.uniform(0, 3 * DAY))
        return anchor - int(luck.uniform(2, 400) * DAY)

    def member(self, number: int) -> Member | None:
        """What the member list said of a buyer when they joined; None for those who never did."""
        if number in self.controlled:
            return self.controlled[number]
        buyer = self.buyer(number)
        if buyer.contact == roles.STRANGER or number >= CONTROLLED:
            return None
        luck = dice(self._origin.seed, "member", number)
        joined = self.joined_at(number)
        birthday = f"{luck.randint(1962, 2006)}-{luck.randint(1, 12):02}-{luck.randint(1, 28):02}"
        has_birthday = luck.random() < 0.6
        phone = self._phone(number) if buyer.contact in (roles.PHONE, roles.BOTH) else ""
        email = f"buyer{number}@sandbox.invalid" if buyer.contact in (roles.EMAIL, roles.BOTH) else ""
        row = Member(
            buyer.ouid,
            buyer.nickname,
            phone,
            email,
            birthday if has_birthday else "",
            buyer.locale,
            joined,
            _consent(luck.random(), joined) if phone else NEVER_ASKED,
            _consent(luck.random(), joined) if email else NEVER_ASKED,
            joined,
            _gender(luck.random()),
        )
        return _with_dirt(row, number)

    def _phone(self, number: int) -> str:
        """A number of a range no carrier serves here: 190 00 and six digits, written in the ways people write them."""
        owner = number - 1 if self.shares_phone(number) else number
        digits = f"19000{owner:06d}"
        style = number % 10
        if style == 0:
            return digits
        if style == 1:
            return f"{digits[:3]}-{digits[3:7]}-{digits[7:]}"
        return f"+86 {digits[:3]} {digits[3:7]} {digits[7:]}"

    def shares_phone(self, number: int) -> bool:
        """Whether a member has the phone of the one before."""
        if number < len(roles.cast()):
            return roles.cast()[number].shares_phone
        return number % FAMILY_EVERY == 0

    def changes(self, hour: int) -> list[tuple[int, int, str]]:
        """(instant, buyer, what) of the members who changed something in an hour after the anchor."""
        luck = dice(self._origin.seed, "changes", hour)
        begin = self._origin.anchor_epoch + hour * HOUR
        lowest = len(roles.cast())
        return sorted(
            (begin + luck.randrange(HOUR), luck.randrange(lowest, BASE), luck.choice(("sms", "mail", "nickname")))
            for _ in range(CHANGES_PER_HOUR)
        )

    def members(self, at: int) -> Iterator[Member]:
        """The member list as it stood at an instant, in order of the buyers' numbers."""
        hours = max(0, (at - self._origin.anchor_epoch) // HOUR + 1)
        changed: dict[int, list[tuple[int, str]]] = {}
        for hour in range(hours):
            for moment, number, what in self.changes(hour):
                if moment <= at:
                    changed.setdefault(number, []).append((moment, what))
        for number in (*range(BASE + hours * NEWCOMERS), *self.controlled):
            member = self.member(number)
            if member and member.joined_at <= at:
                yield _changed(member, changed.get(number, []))


def _gender(luck: float) -> str:
    """As given at joining; many say nothing."""
    return "女" if luck < 0.45 else "男" if luck < 0.6 else ""


def _nickname(luck: float, name: str, number: int, *, is_english: bool) -> str:
    if is_english:
        return f"{ENGLISH[number % len(ENGLISH)]}{number % 100}"
    if luck < 0.45:
        return name
    return f"{NICKS[number % len(NICKS)]}{number % 1000 if luck < 0.8 else ''}"


def _contact(is_member: float, kind: float) -> str:
    if is_member >= MEMBER_SHARE:
        return roles.STRANGER
    shares = ((0.56, roles.PHONE), (0.82, roles.BOTH), (0.96, roles.EMAIL), (1.0, roles.NEITHER))
    return next(contact for share, contact in shares if kind < share)


def _consent(luck: float, at: int) -> Consent:
    if luck < 0.55:
        return Consent(True, at, "会员中心" if luck < 0.35 else "下单勾选")
    if luck < 0.8:
        return Consent(False, at, "会员中心")
    return NEVER_ASKED


def _changed(member: Member, changes: list[tuple[int, str]]) -> Member:
    for moment, what in changes:
        if moment <= member.joined_at:
            continue
        if what == "sms" and member.phone:
            member = replace(member, sms=_toggled(member.sms, moment, "短信回复R"), modified_at=moment)
        elif what == "mail" and member.email:
            member = replace(member, mail=_toggled(member.mail, moment, "邮件退订"), modified_at=moment)
        else:
            member = replace(member, nickname=f"{member.nickname}·改", modified_at=moment)
    return member


def _toggled(consent: Consent, at: int, withdrawal: str) -> Consent:
    given = not consent.given
    return Consent(given, at, "会员中心" if given else withdrawal)


def _with_dirt(member: Member, number: int) -> Member:
    """Four members are entered wrongly, as in every list: it is the pipeline's task to notice."""
    wrong = {1201: {"birthday": "1990-02-30"}, 1502: {"birthday": "未知"}, 1803: {"email": "li.lei at sandbox"}}
    if number == 2104:
        return replace(member, phone="021-5550 01")
    return replace(member, **wrong[number]) if number in wrong else member  # type: ignore[arg-type]
