"""All shops of a brand at once: their people as one, whichever of the shops they bought at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from touchpoint.db import Transaction
from touchpoint.errors import ConfigError
from touchpoint.record import narrow
from touchpoint.settings import CONFIG_ROOT, Shop, load_shop, shop_ids


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


def people(tx: Transaction, shops: Sequence[Shop], as_of: datetime | str = "infinity") -> None:
    """Let the scopes of a brand see the people of its shops as of an instant; see `narrow.brand`.

    A person is one identity within the brand: by an address or a buyer key the shops' customers had from the beginning,
    or by a merge known by then. Days and hours of a purchase stay those of the shop it was made at.

    Raises:
        ConfigError: the shops are not of one brand, or sell in several currencies: their amounts cannot be added up.
    """
    brands = {shop.brand for shop in shops}
    place = ", ".join(shop.id for shop in shops) or "no shop"
    if len(brands) != 1 or None in brands:
        raise ConfigError("not the shops of one brand", place=place, remedy="ask shop by shop, or write one brand")
    currencies = sorted({shop.currency for shop in shops})
    if len(currencies) > 1:
        raise ConfigError(
            f"amounts in {' and '.join(currencies)} cannot be added up",
            place=f"brand {shops[0].brand}",
            remedy="ask shop by shop: each in its own currency",
        )
    narrow.brand(tx, shops, as_of)
