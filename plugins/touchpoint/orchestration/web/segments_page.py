"""What the page of a shop's segments shows, all of it from the stored record: no fact is read, nothing is made anew."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlencode

from touchpoint.db import Database, Row, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.facts import head
from touchpoint.money import EXPONENTS
from touchpoint.orchestration.web.pages import Face, face_of, make_page, notice
from touchpoint.orchestration.web.segment_words import KINDS, TAG_NOTES, label, meanings, place
from touchpoint.orchestration.web.shown import offered_shops
from touchpoint.record import segments as record
from touchpoint.record.explain import explain
from touchpoint.record.standing import CHANGE_DAYS, moves_of, standing_of, tags_of
from touchpoint.render.words import money
from touchpoint.reports import run, words
from touchpoint.settings import Shop, load_segments, load_tags

ID_LENGTH = 200
_MONTH = re.compile(r"^20\d\d-(0[1-9]|1[0-2])$")


@dataclass(frozen=True)
class Asked:
    """What a user wants to see of a shop's segments; words nobody knows stand for what is shown first."""

    shop_id: str
    kind: record.Kind
    month: str
    tag: str

    @classmethod
    def of(cls, shop: str, kind: str, month: str, tag: str) -> Asked:
        """From a query."""
        known: record.Kind = kind if kind in KINDS else "stage"
        return cls(shop, known, month if _MONTH.match(month) else "", tag[:80])

    def address(self, **changes: object) -> str:
        """Relative address of this page, or of the one with some of it changed."""
        given = {"shop": self.shop_id, "kind": self.kind, "month": self.month, "tag": self.tag, **changes}
        return "segments?" + urlencode({name: str(value) for name, value in given.items() if value})


@dataclass(frozen=True)
class Loaded:
    """A shop whose record can be shown: as of when, and how it shows itself."""

    face: Face
    shop: Shop
    as_of: datetime


def segments_page(database: Database, config: Path, asked: Asked, shown: list[str]) -> str:
    """Where the customers of a shop stand.

    Args:
        database: the record.
        config: shop files and rules.
        asked: what is to be seen.
        shown: shops the user may see.
    """
    rules, tags = load_segments(config), load_tags(config)
    with database.transaction() as tx:
        loaded = _loaded(tx, config, asked.shop_id)
        if isinstance(loaded, str):
            return loaded
        everyone = record.stored(tx, shop=loaded.shop, as_of=loaded.as_of, segments=rules)
        standing = standing_of(tx, shop=loaded.shop, as_of=loaded.as_of, everyone=everyone, segments=rules)
        moves = moves_of(tx, shop=loaded.shop, as_of=loaded.as_of, kind=asked.kind, month=asked.month)
        offered = offered_shops(tx, config, shown, asked.shop_id)
        tagged = tags_of(tx, shop=loaded.shop, as_of=loaded.as_of, everyone=everyone, tags=tags, open_tag=asked.tag)
    return _page(
        loaded,
        config,
        asked,
        offered,
        standing=standing,
        moves=moves,
        tagged=tagged,
        meanings=meanings(rules, everyone, loaded.shop),
        enough=tags.min_customers,
        rate=lambda part, whole: words.share(part, whole) if whole >= tags.min_customers else "",
    )


def explain_page(database: Database, config: Path, asked: Asked, customer_id: str) -> str:
    """Why one customer is in each segment and has each tag: what `touchpoint segments explain` says as of the head.

    Args:
        database: the record.
        config: shop files and rules.
        asked: of which shop.
        customer_id: the id the platform has; by an address or a name nobody is found.
    """
    rules, tags = load_segments(config), load_tags(config)
    wanted = customer_id.strip()[:ID_LENGTH]
    rows: list[Row] = []
    with database.transaction() as tx:
        loaded = _loaded(tx, config, asked.shop_id)
        if isinstance(loaded, str):
            return loaded
        everyone = record.stored(tx, shop=loaded.shop, as_of=loaded.as_of, segments=rules)
        given = {"segments": rules, "tags": tags, "everyone": everyone}
        try:
            rows = explain(tx, shop=loaded.shop, customer_id=wanted, as_of=loaded.as_of, **given)  # type: ignore[arg-type]
        except TouchpointError:
            # Told on the page, and not in the log: what was typed may be somebody's number.
            rows = []
    return make_page(
        "explain.html",
        title=f"{loaded.face.name}: one customer",
        face=loaded.face,
        asked=asked,
        as_of=loaded.as_of,
        customer=wanted,
        rows=rows,
        label=label,
        id_length=ID_LENGTH,
    )


def _loaded(tx: Transaction, config: Path, shop_id: str) -> Loaded | str:
    """The shop, or the page that says why there is nothing to show."""
    run.snapshot(tx)
    face = face_of(shop_id, config)
    if face.shop is None:
        return notice(f"{face.name}: segments", "The shop's file does not load.", face.problem)
    as_of = head.read(tx, shop_id).refreshed_as_of
    is_made = record.begins(tx, shop_id=shop_id) is not None
    if as_of is None or not is_made:
        return make_page(
            "notice.html",
            title=f"{face.name}: segments",
            text="There is no customer record of this shop yet.",
            remedy=f"The first run of touchpoints_daily__{shop_id} makes it, once orders have come in.",
            back="./",
        )
    return Loaded(face, face.shop, as_of)


def _page(loaded: Loaded, config: Path, asked: Asked, shown: list[str], **found: object) -> str:
    face = loaded.face
    return make_page(
        "segments.html",
        title=f"{face.name}: segments",
        face=face,
        asked=asked,
        as_of=loaded.as_of,
        shops=[(shop_id, face_of(shop_id, config).name) for shop_id in shown],
        kinds=KINDS,
        label=label,
        place=place,
        tag_notes=TAG_NOTES,
        days=CHANGE_DAYS,
        money=lambda major: _money(major, loaded.shop),
        day=lambda at: f"{at.astimezone(face.zone):%Y-%m-%d}",
        id_length=ID_LENGTH,
        **found,
    )


def _money(major: Decimal, shop: Shop) -> str:
    return money(int(major.scaleb(EXPONENTS.get(shop.currency, 2))), shop.currency, "en")
