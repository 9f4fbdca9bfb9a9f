"""A message from its templates: SMS text and parameters, or an e-mail's subject, text and HTML."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from touchpoint.errors import RenderError
from touchpoint.model import Channel, Purpose
from touchpoint.render import sms, words
from touchpoint.render.contexts import message_context
from touchpoint.render.environment import TEMPLATE_ROOT, Empty, Templates
from touchpoint.render.text import clean
from touchpoint.settings import Shop

__all__ = ["Rendered", "Renderer", "code_key", "message_context", "provider_templates"]
_BLANK_LINES = re.compile(r"\n\s*\n\s*\n+")


@dataclass(frozen=True)
class Rendered:
    """A message as it goes out.

    Attributes:
        subject: one line; empty for an SMS.
        text: the SMS with its 【signature】 as the buyer sees it, or the e-mail's plain part.
        html: the e-mail's HTML part; empty for an SMS.
        params: what the provider's registered template is filled with (SMS).
        digest: SHA-256 of subject, text and html (NUL between them), hex: kept instead of the text.
        version: hash of the template files it was made from, 16 hex digits.
        code_key: key in the shop's sms.templates.
        headers: of an e-mail, beside those every mail has.
    """

    subject: str
    text: str
    html: str
    params: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    version: str = ""
    code_key: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def code_key(campaign: str, locale: str, template: str, variant: str | None) -> str:
    """`<campaign>/<locale>/<template or template.variant>`: the template's folder, and its key in sms.templates."""
    return f"{campaign}/{locale}/{template}{f'.{variant}' if variant else ''}"


class Renderer:
    """Renders messages from the templates below a root, each read once in a renderer's life.

    Args:
        root: of the templates.
        campaign_values: campaign id -> what its file says to every reader (Campaign.message_values()): the offer.
    """

    def __init__(
        self, root: Path = TEMPLATE_ROOT, *, campaign_values: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        self.templates = Templates(root)
        self.campaign_values = campaign_values or {}

    def render(
        self,
        *,
        shop: Shop,
        campaign: str,
        locale: str,
        template: str,
        variant: str | None,
        channel: Channel,
        purpose: Purpose,
        context: Mapping[str, Any],
    ) -> Rendered:
        """One message. A locale the campaign has no words in falls back to the shop's.

        Raises:
            RenderError: a template is missing or wrong, something it needs is missing, or a promotional e-mail
                has no way to unsubscribe. Never names a value of the context.
        """
        key = code_key(campaign, words.locale_of(locale, shop.locale), template, variant)
        if not self.templates.exists(f"messages/{key}/{'sms' if channel == Channel.SMS else 'body'}.txt"):
            key = code_key(campaign, shop.locale, template, variant)
            context = {**context, **context.get("in_shop_locale", {})}
        values: dict[str, Any] = {"purpose": purpose.value}
        for name, value in {**self.campaign_values.get(campaign, {}), **context}.items():
            if value is not None:
                values[name] = (clean(value) or Empty(name)) if isinstance(value, str) else value
        if channel == Channel.SMS:
            return self._sms(shop, key, values)
        return self._email(key, purpose, values)

    def _sms(self, shop: Shop, key: str, values: dict[str, Any]) -> Rendered:
        name = f"messages/{key}/sms.txt"
        used = sms.variables(self.templates.source(name), name)
        body = " ".join(self.templates.render(name, values).split())
        if not body:
            raise RenderError("renders to nothing", place=f"include/templates/{name}", remedy="write its words")
        signature = shop.sms.signature if shop.sms else shop.signature
        return self._finished(
            Rendered(
                subject="",
                text=f"【{signature}】{body}",
                html="",
                params={name: str(values[name]) for name in used},
                code_key=key,
            ),
            [name],
        )

    def _email(self, key: str, purpose: Purpose, values: dict[str, Any]) -> Rendered:
        folder = f"messages/{key}"
        subject = clean(self.templates.render(f"{folder}/subject.txt", values))
        inside = {**values, "subject": subject}
        text = _BLANK_LINES.sub("\n\n", self.templates.render(f"{folder}/body.txt", inside)).strip() + "\n"
        html = self.templates.render(f"{folder}/body.html", inside)
        if not subject:
            raise RenderError("renders to nothing", place=f"{folder}/subject.txt", remedy="write its words")
        if purpose == Purpose.PROMOTIONAL:
            _demand_unsubscribe(folder, values, text, html)
        parts = [f"{folder}/{part}" for part in ("subject.txt", "body.txt", "body.html")]
        headers = _way_out(values) if purpose == Purpose.PROMOTIONAL else {}
        return self._finished(Rendered(subject=subject, text=text, html=html, code_key=key, headers=headers), parts)

    def _finished(self, made: Rendered, names: list[str]) -> Rendered:
        digest = hashlib.sha256("\0".join((made.subject, made.text, made.html)).encode()).hexdigest()
        version = hashlib.sha256("".join(self.templates.version(name) for name in names).encode()).hexdigest()[:16]
        return replace(made, digest=digest, version=version)


def _way_out(values: dict[str, Any]) -> dict[str, str]:
    """RFC 2369, and for a link to a page RFC 8058: mail programs show a button of their own."""
    url = str(values["unsubscribe_url"])
    one_click = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"} if url.startswith("https:") else {}
    return {"List-Unsubscribe": f"<{url}>", **one_click}


def _demand_unsubscribe(folder: str, values: dict[str, Any], text: str, html: str) -> None:
    url = values.get("unsubscribe_url")
    for part, content in (("body.txt", text), ("body.html", html)):
        if not url or str(url).replace("&", "&amp;" if part == "body.html" else "&") not in content:
            raise RenderError(
                "a promotional e-mail without its unsubscribe link",
                place=f"include/templates/{folder}/{part}",
                remedy="fill the block unsubscribe with {{ unsubscribe_url }}",
            )


def provider_templates(shop: Shop, root: Path = TEMPLATE_ROOT) -> dict[str, str]:
    """Template code -> text with `${name}`, as the shop's SMS templates are registered with the provider.

    Made from the same files messages are rendered from; the provider puts the signature in front.

    Raises:
        RenderError: a template is missing, or holds more than words and plain variables.
    """
    if shop.sms is None:
        return {}
    files = Templates(root)
    names = {code: f"messages/{key}/sms.txt" for key, code in shop.sms.templates.items()}
    return {code: sms.provider_text(files.source(name), name) for code, name in names.items()}
