"""From claimed messages to groups, each for one provider call."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from touchpoint.errors import RenderError
from touchpoint.model import Channel, Outgoing, Purpose
from touchpoint.outbox.claim import Claimed
from touchpoint.outbox.ports import MessageRenderer
from touchpoint.render.messages import Rendered, message_context
from touchpoint.settings import Shop


@dataclass(frozen=True)
class Draft:
    """A rendered message without its address: that is read when its attempt is committed."""

    claimed: Claimed
    attempt_id: str
    template_code: str
    rendered: Rendered

    def addressed(self, address: str) -> Outgoing:
        """The message as the channel gets it."""
        return Outgoing(
            attempt_id=self.attempt_id,
            message_id=self.claimed.message_id,
            address=address,
            address_hash=str(self.claimed.row["address_hash"]),
            template_code=self.template_code,
            params=self.rendered.params,
            text=self.rendered.text,
            html=self.rendered.html,
            subject=self.rendered.subject,
            headers=self.rendered.headers,
        )


@dataclass(frozen=True)
class Composed:
    """What rendering made of a claim.

    Attributes:
        drafts: ready to go.
        unrenderable: they wait until it is mended; one poison row must not hold the others. Why, in `causes`.
        causes: what is wrong (template and variable; never a value) -> messages.
        unregistered: their words are under no template code of the shop; template keys in `missing_codes`.
    """

    drafts: list[Draft]
    unrenderable: list[Claimed]
    causes: Counter[str]
    unregistered: list[Claimed]
    missing_codes: frozenset[str]


def compose(claimed: Iterable[Claimed], *, shop: Shop, renderer: MessageRenderer, at: datetime) -> Composed:
    """Render every message; what cannot be rendered or addressed to a registered template is set apart."""
    drafts: list[Draft] = []
    unrenderable: list[Claimed] = []
    causes: Counter[str] = Counter()
    unregistered: list[Claimed] = []
    missing: set[str] = set()
    for message in claimed:
        try:
            rendered = _render(message, shop, renderer, at)
        except (RenderError, LookupError, TypeError, ValueError, ArithmeticError, AttributeError) as error:
            unrenderable.append(message)
            causes[_cause(message, error)] += 1
            continue
        code = _template_code(shop, message, rendered)
        if code is None:
            unregistered.append(message)
            missing.add(rendered.code_key)
        else:
            drafts.append(Draft(message, uuid4().hex, code, rendered))
    return Composed(drafts, unrenderable, causes, unregistered, frozenset(missing))


def groups(drafts: Iterable[Draft], size: int) -> Iterator[list[Draft]]:
    """Drafts by template code, at most `size` a group, no address twice in one.

    A recipient of a group is found again by (group id, address), so an address in it must be one recipient.
    """
    open_groups: dict[str, list[list[Draft]]] = {}
    taken: dict[int, set[str]] = {}
    for draft in drafts:
        address = str(draft.claimed.row["address_hash"])
        waiting = open_groups.setdefault(draft.template_code, [])
        group = next((group for group in waiting if address not in taken[id(group)]), None)
        if group is None:
            group = []
            waiting.append(group)
            taken[id(group)] = set()
        group.append(draft)
        taken[id(group)].add(address)
        if len(group) == size:
            waiting.remove(group)
            del taken[id(group)]
            yield group
    for waiting in open_groups.values():
        yield from waiting


def _render(message: Claimed, shop: Shop, renderer: MessageRenderer, at: datetime) -> Rendered:
    row = message.row
    if message.context is None:
        raise RenderError("there is nothing to tell", place=f"message {message.message_id}")
    return renderer.render(
        shop=shop,
        campaign=row["campaign_id"],
        locale=row["locale"],
        template=row["template"],
        variant=row["variant"],
        channel=Channel(row["channel"]),
        purpose=Purpose(row["purpose"]),
        context=message_context(shop, message.context, at),
    )


def _cause(message: Claimed, error: Exception) -> str:
    """What keeps a text from being made; of an error that is none of ours its kind alone, for it may quote a value."""
    if isinstance(error, RenderError) and message.context is not None:
        return f"{error.place}: {error.thing}"
    row = message.row
    thing = error.thing if isinstance(error, RenderError) else f"{type(error).__name__} in what it is told"
    return f"{row['campaign_id']}, template {row['template']}: {thing}"


def _template_code(shop: Shop, message: Claimed, rendered: Rendered) -> str | None:
    if message.row["channel"] != Channel.SMS.value:
        return ""
    return shop.sms.templates.get(rendered.code_key) if shop.sms else None
