"""Tells the sandbox's SMS gateway a shop's templates, as one does by hand in a provider's console."""

from __future__ import annotations

import requests

from touchpoint.errors import TouchpointError
from touchpoint.settings import Shop


def register_templates(sandbox_url: str, shop: Shop) -> None:
    """Register every SMS text of a shop under its code.

    Raises:
        TouchpointError: the sandbox does not take them.
    """
    from touchpoint.render.messages import provider_templates

    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{sandbox_url}/control/sms/templates", json=provider_templates(shop), timeout=30)
    if not answer.ok:
        raise TouchpointError(f"templates not taken ({answer.status_code})", place="sandbox", remedy="see its log")
