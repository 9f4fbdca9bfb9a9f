"""All shops of a brand at once: their people as one, whichever of the shops they bought at.

The shops need not be alike. What would make a number wrong is refused (currencies) or left out (tags whose rules
differ, `availability.reach`); what is a choice is made by the first shop, and told (`notes`).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from touchpoint.db import Transaction
from touchpoint.errors import ConfigError
from touchpoint.learning.dormancy import dormancy_rules
from touchpoint.record import availability, narrow
from touchpoint.settings import CONFIG_ROOT, Segments, Shop, load_shop, shop_ids

APART = timedelta(days=1)
"""Shops of a brand whose loads are further apart than this are not told of alike."""


def shops_of(brand: str, config: Path = CONFIG_ROOT) -> list[Shop]:
    """The shops of a brand, by id; live ones, or those of one rehearsal where only a rehearsal has the brand.

    Raises:
        ConfigError: no shop is of that brand; names those there are.
    """
    known = {
        folder: [load_shop(each, config) for each in shop_ids(config, folder)] for folder in ("shops", "rehearsals")
    }
    for shops in known.values():
        found = [shop for shop in shops if shop.brand == brand]
        if found:
            return found
    brands = sorted({shop.brand for shops in known.values() for shop in shops if shop.brand})
    raise ConfigError(
        f"no shop is of the brand {brand!r}",
        place="config/shops",
        remedy=f"one of: {', '.join(brands)}" if brands else "write brand: into the files of its shops",
    )


def people(
    tx: Transaction, shops: Sequence[Shop], as_of: datetime | str = "infinity", *, has_amounts: bool = True
) -> None:
    """Let the scopes of a brand see the people of its shops as of an instant; see `narrow.brand`.

    A person is one identity within the brand: by an address or a buyer key the shops' customers had from the beginning,
    or by a merge known by then. Days and hours of a purchase stay those of the shop it was made at.

    Args:
        tx: an open transaction.
        shops: all shops of the brand.
        as_of: the instant looked from.
        has_amounts: whether amounts will be asked for, and not heads alone.

    Raises:
        ConfigError: the shops are not of one brand, or are a rehearsal's and another's; or they sell in several
            currencies, and amounts would have to be added up.
    """
    brands = {shop.brand for shop in shops}
    place = ", ".join(shop.id for shop in shops) or "no shop"
    if len(brands) != 1 or None in brands:
        raise ConfigError("not the shops of one brand", place=place, remedy="ask shop by shop, or write one brand")
    realms = sorted({shop.realm for shop in shops})
    if len(realms) > 1:
        raise ConfigError(
            f"its shops are of the realms {' and '.join(realms)}",
            place=f"brand {shops[0].brand}",
            remedy="write one realm: shops that are rehearsed apart know nothing of each other",
        )
    currencies = sorted({shop.currency for shop in shops})
    if has_amounts and len(currencies) > 1:
        raise ConfigError(
            f"amounts in {' and '.join(currencies)} cannot be added up",
            place=f"brand {shops[0].brand}",
            remedy="ask shop by shop: each in its own currency",
        )
    narrow.brand(tx, shops, as_of)


def notes(tx: Transaction, shops: Sequence[Shop], as_of: datetime, segments: Segments) -> list[str]:
    """What holds for everybody of a brand though its shops differ, and what not every shop has told, in sentences."""
    return [
        *_of_loads(tx, shops, as_of),
        *_of_zones(shops),
        *_of_dormancy(tx, shops, as_of, segments),
        *_of_refunds(tx, shops, as_of),
    ]


def _of_loads(tx: Transaction, shops: Sequence[Shop], as_of: datetime) -> list[str]:
    """Shops that stopped, or never began: their people seem silent. A rehearsal is loaded whole, and has no head."""
    shops = [shop for shop in shops if shop.realm == "live"]
    heads = {shop.id: tx.maybe("load/head", shop_id=shop.id) for shop in shops}
    loaded = {shop_id: head["loaded_as_of"] for shop_id, head in heads.items() if head and head["loaded_as_of"]}
    told = [f"nothing was ever loaded of {shop.id}" for shop in shops if shop.id not in loaded]
    latest = min(as_of, max(loaded.values(), default=as_of))
    return told + [
        f"nothing was loaded of {shop_id} since {at.astimezone(shops[0].tz).isoformat(sep=' ', timespec='seconds')}"
        for shop_id, at in loaded.items()
        if latest - at > APART
    ]


def _of_zones(shops: Sequence[Shop]) -> list[str]:
    if len({shop.zone for shop in shops}) == 1:
        return []
    zones = ", ".join(f"{shop.id} {shop.zone}" for shop in shops)
    return [f"days and hours of a purchase are those of its shop ({zones}), instants are told by that of {shops[0].id}"]


def _of_dormancy(tx: Transaction, shops: Sequence[Shop], as_of: datetime, segments: Segments) -> list[str]:
    first, *others = [
        {**dormancy_rules(tx, shop=shop, as_of=as_of, segments=segments), "because": ""} for shop in shops
    ]
    if all(rules == first for rules in others):
        return []
    alone = ", ".join(f"{shop.id} {rules['rule']}" for shop, rules in zip(shops[1:], others, strict=True))
    return [f"dormancy is by the rule of {shops[0].id} for everybody: {first['rule']}; by its own: {alone}"]


def _of_refunds(tx: Transaction, shops: Sequence[Shop], as_of: datetime) -> list[str]:
    quiet = availability.silent(tx, shops=shops, as_of=as_of, needs={"refund"}).get("refund", ())
    return [f"no refunds are known of {', '.join(quiet)}: amounts there are before refunds"] if quiet else []
