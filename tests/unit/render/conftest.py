"""A shop, a row of the context statement, and a renderer of the real templates."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from touchpoint.model import Channel, Purpose
from touchpoint.render.messages import Rendered, Renderer, message_context
from touchpoint.settings import Shop, load_shop

MORNING = datetime(2026, 11, 22, 10, 30, tzinfo=timezone(timedelta(hours=8)))
OFFERS = {"zh-CN": "优先发货和专属客服", "en": "priority dispatch"}


@pytest.fixture(scope="session")
def shop() -> Shop:
    return load_shop("sandbox")


@pytest.fixture(scope="session")
def renderer() -> Renderer:
    return Renderer()


@pytest.fixture(scope="session")
def row() -> Callable[..., dict[str, Any]]:
    """A row of include/sql/outbox/context/order.sql, with overrides."""

    def build(**changes: Any) -> dict[str, Any]:
        return {
            "occasion_kind": "order",
            "display_name": "小明",
            "locale": "zh-CN",
            "order_count": 1,
            "total_minor": 123450,
            "currency": "CNY",
            "first_order_id": "4012345678901234567",
            "first_created_at": MORNING - timedelta(minutes=32),
            "closes_at": MORNING + timedelta(hours=23, minutes=28),
            "item_title": "青瓷手冲咖啡杯 家用礼盒装",
            "paid_order_count": 7,
            **changes,
        }

    return build


@pytest.fixture(scope="session")
def unpaid(shop: Shop, renderer: Renderer, row: Callable[..., dict[str, Any]]) -> Callable[..., Rendered]:
    """The unpaid reminder, rendered for a row with overrides."""

    def build(
        variant: str = "new",
        channel: Channel = Channel.SMS,
        locale: str = "zh-CN",
        at: datetime = MORNING,
        with_renderer: Renderer = renderer,
        **changes: Any,
    ) -> Rendered:
        context = message_context(shop, row(locale=locale, offer=OFFERS[locale], **changes), at)
        return with_renderer.render(
            shop=shop,
            campaign="unpaid_reminder",
            locale=locale,
            template="remind",
            variant=variant,
            channel=channel,
            purpose=Purpose.TRANSACTIONAL,
            context=context,
        )

    return build
