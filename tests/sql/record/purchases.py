"""Purchases straight into the narrow facts, for tests of what is learned from them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

import pandas as pd

from touchpoint.db import Transaction

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def load(
    tx: Transaction, shop_id: str, bought: pd.DataFrame, known_after: timedelta = timedelta(), key: int = 0
) -> None:
    """Rows of customer_no, paid_at (aware, in the shop's zone) and net_minor, known a while after they were paid."""
    paid = list(bought["paid_at"])
    table = pd.DataFrame(
        {
            "customer_no": bought["customer_no"],
            "paid_at": [at.isoformat() for at in paid],
            "known_from": [(at + known_after).isoformat() for at in paid],
            "known_until": "infinity",
            "order_key": range(key, key + len(bought)),
            "day": [at.date().toordinal() - EPOCH.toordinal() for at in paid],
            "net_minor": bought["net_minor"],
            "hour": 12,
            "month_day": 1,
            "shop_id": shop_id,
            "order_id": [f"o{place}" for place in range(key, key + len(bought))],
        }
    )
    tx.copy_in("record.paid_orders", tuple(table.columns), BytesIO(table.to_csv(index=False, header=False).encode()))
