"""ACS3-HMAC-SHA256 as the gateway checks it, written from its documentation and not shared with the client under test.

Source: https://help.aliyun.com/zh/sdk/product-overview/v3-request-structure-and-signature
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote

ALGORITHM = "ACS3-HMAC-SHA256"
REQUIRED = frozenset({"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-version"})
_AUTHORIZATION = re.compile(
    rf"^{ALGORITHM} Credential=(?P<key>[^,]+),SignedHeaders=(?P<names>[^,]+),Signature=(?P<signature>[0-9a-f]{{64}})$"
)


@dataclass(frozen=True)
class Authorization:
    """What the Authorization header claims."""

    access_key_id: str
    signed_headers: tuple[str, ...]
    signature: str


def parse_authorization(header: str) -> Authorization | None:
    """The header's three parts; None if it is written otherwise."""
    match = _AUTHORIZATION.match(header)
    return Authorization(match["key"], tuple(match["names"].split(";")), match["signature"]) if match else None


def canonical_request(
    method: str, path: str, query: str, headers: Mapping[str, str], names: tuple[str, ...], body_hash: str
) -> str:
    """What both sides hash: the query is decoded and written again per RFC 3986, sorted by name."""
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    written = "&".join(f"{quote(key, safe='-_.~')}={quote(value, safe='-_.~')}" for key, value in pairs)
    lines = "".join(f"{name}:{headers.get(name, '').strip()}\n" for name in names)
    return "\n".join((method, path or "/", written, lines, ";".join(names), body_hash))


def signature(canonical: str, secret: str) -> str:
    """Lower-case hexadecimal signature of a canonical request."""
    hashed = hashlib.sha256(canonical.encode()).hexdigest()
    return hmac.new(secret.encode(), f"{ALGORITHM}\n{hashed}".encode(), hashlib.sha256).hexdigest()


def matches(
    method: str, path: str, query: str, headers: Mapping[str, str], body: bytes, claim: Authorization, secret: str
) -> bool:
    """Whether a request carries the right signature, over this body and at least the required headers."""
    body_hash = hashlib.sha256(body).hexdigest()
    if headers.get("x-acs-content-sha256") != body_hash or not set(claim.signed_headers) >= REQUIRED:
        return False
    if list(claim.signed_headers) != sorted(claim.signed_headers):
        return False
    canonical = canonical_request(method, path, query, headers, claim.signed_headers, body_hash)
    return hmac.compare_digest(signature(canonical, secret), claim.signature)
