"""What a batch costs before it leaves: words from templates, a request body, a signature. Nothing is read or sent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from touchpoint.channels.acs3 import signed_headers
from touchpoint.channels.aliyun_sms import FORM, VERSION, AliyunSms
from touchpoint.clock import real_now, stopwatch
from touchpoint.outbox.compose import compose
from touchpoint.outbox.ports import MessageRenderer
from touchpoint.settings import Shop


def render_and_sign(
    claimed: Sequence[Any],
    addresses: dict[int, str],
    *,
    shop: Shop,
    renderer: MessageRenderer,
    channel: AliyunSms,
    at: Any,
) -> tuple[float, list[str]]:
    """Seconds to make signed requests of 100, and the texts in them."""
    started = stopwatch()
    texts: list[str] = []
    for first in range(0, len(claimed), channel.group_size):
        part = claimed[first : first + channel.group_size]
        drafts = compose(part, shop=shop, renderer=renderer, at=at).drafts
        messages = [draft.addressed(addresses[draft.claimed.message_id]) for draft in drafts]
        signed_headers(
            key_id=channel.connection.login,
            secret=channel.connection.password,
            host=channel.host,
            action="SendBatchSms",
            version=VERSION,
            nonce="0" * 32,
            at=real_now(),
            body=channel.batch(f"group-{first}", messages),
            content_type=FORM,
        )
        texts += [message.text for message in messages]
    return stopwatch() - started, texts
