"""`touchpoint offers`: what promotions may promise, and how much of it is left."""

from __future__ import annotations

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, ShopOption, known_shop, services, show


def offers(shop: ShopOption = DEFAULT_SHOP, as_json: AsJson = False) -> None:
    """Offers of a shop: quota, what is used and left of it, until when."""
    from touchpoint.reports.offers import offers_of
    from touchpoint.settings import load_offers

    loaded, configured = known_shop(shop), load_offers()
    with services() as opened:
        now = opened.business_clock(loaded.realm).now()
        with opened.db.transaction() as tx:
            found = offers_of(tx, realm=loaded.realm, shop=loaded, offers=configured)
    rows = [
        {
            "offer": each.offer_id,
            "state": each.state(now),
            "quota": each.quota,
            "used": each.used,
            "left": each.left,
            "waiting": each.waiting,
            "too_late": each.too_late,
            "from": each.opens_at and each.opens_at.astimezone(loaded.tz).isoformat(timespec="minutes"),
            "until": each.closes_at and each.closes_at.astimezone(loaded.tz).isoformat(timespec="minutes"),
        }
        for each in found
    ]
    show(rows, as_json, "No offers in config/offers.yaml for this shop.")
