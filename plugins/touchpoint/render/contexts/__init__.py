"""What message templates see: computed, formatted and cleaned, in the shop's zone and the reader's locale.

One module an occasion, each with `values(shop, row, at)`: the row is of include/sql/outbox/context/<occasion>.sql.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from touchpoint.errors import RenderError
from touchpoint.render import words
from touchpoint.render.contexts import last_order, order, period, shipment
from touchpoint.settings import Shop

Values = Callable[[Shop, Mapping[str, Any], datetime], dict[str, Any]]

BY_OCCASION: dict[str, Values] = {
    "last_order": last_order.values,
    "order": order.values,
    "period": period.values,
    "shipment": shipment.values,
}


def message_context(shop: Shop, row: Mapping[str, Any], at: datetime) -> dict[str, Any]:
    """The context of a message, by the kind of its occasion.

    Args:
        shop: gives zone, cut-off hour, names, and the locale where the row has none we have words in.
        row: of a context statement; `occasion_kind` says of which.
        at: the instant the message speaks from (aware): what it promises is true then.

    Where the reader's locale is not the shop's, `in_shop_locale` holds what reads otherwise in the shop's, for a
    campaign that has no words in the reader's.

    Raises:
        RenderError: there are no words about such an occasion.
    """
    kind = str(row["occasion_kind"])
    if kind not in BY_OCCASION:
        raise RenderError(
            f"nothing tells of the occasion {kind!r}",
            place=f"include/sql/outbox/context/{kind}.sql",
            remedy=f"return one of: {', '.join(sorted(BY_OCCASION))}",
        )
    values = BY_OCCASION[kind]
    locale = words.locale_of(row.get("locale"), shop.locale)
    context = values(shop, {**row, "locale": locale}, at)
    if locale == shop.locale:
        return context
    fallback = values(shop, {**row, "locale": shop.locale}, at)
    return {**context, "in_shop_locale": {key: told for key, told in fallback.items() if told != context.get(key)}}
