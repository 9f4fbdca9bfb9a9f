"""How many days carriers take, by carrier and region: the quantile of a Kaplan-Meier curve of the parcels that arrive.

Open parcels are censored, not dropped: they are the slow ones. Those that turned back, or are on their way beyond the
horizon, do not arrive, and the quantile is of those that do (see record.pay_delay for why they stay in the curve).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from touchpoint.db import Json, Transaction
from touchpoint.learning import curves
from touchpoint.learning.curves import Curve
from touchpoint.learning.lessons import Lesson, Rules
from touchpoint.settings import Shop

NAME = "delivery_norms"
DAYS = (1, 2, 3, 5, 7, 10, 14, 21, 30, 45)
"""Days after the first scan at which the curve is told."""


def learn(tx: Transaction, shop: Shop, as_of: datetime, rules: Rules) -> Lesson | None:
    """Normal days as of an instant; None: too few parcels of any group."""
    config = rules.learning.delivery_norms
    since = as_of - config.window
    zones = rules.logistics.rules(shop).get("zones", {}) if rules.logistics else {}
    tx.do("learn/forget_observations")
    tx.do(
        "learn/observe_deliveries",
        shop_id=shop.id,
        as_of=as_of,
        since=since,
        zone=shop.zone,
        zones=Json(zones),
    )
    horizon = config.horizon // timedelta(days=1)
    drawn = curves.draw(tx, shares=[config.quantile, 0.5], ages=DAYS, sample=config.min_sample, closes=horizon)
    groups = [_group(curve) for curve in drawn if curve.is_enough(config.min_sample)]
    if not groups:
        return None
    sample, digest = curves.observed(tx)
    body = {"groups": groups, "quantile": config.quantile}
    return Lesson(body=body, since=since, until=as_of, sample=sample, data_hash=digest)


def _group(curve: Curve) -> dict[str, Any]:
    return {
        "carrier": curve.outer,
        "region": curve.inner,
        "parcels": curve.observed,
        "arrived": curve.events,
        "watched": curve.watched,
        "days": curve.reached_at[0],
        "half_arrived_in": curve.reached_at[1],
        "curve": {
            str(day): round(min(share / curve.arrived, 1.0), 6)
            for day, share in zip(DAYS, curve.arrived_by, strict=True)
        },
    }
