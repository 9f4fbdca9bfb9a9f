"""Aliyun's request signature ACS3-HMAC-SHA256.

Source: Aliyun OpenAPI "V3 request body and signature"; test vectors in tests/channels/test_acs3.py.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

ALGORITHM = "ACS3-HMAC-SHA256"


def query_string(params: Mapping[str, str]) -> str:
    """Parameters sorted and percent-encoded as RFC 3986 demands."""
    return "&".join(f"{_encode(key)}={_encode(params[key])}" for key in sorted(params))


def signed_headers(
    *,
    key_id: str,
    secret: str,
    host: str,
    action: str,
    version: str,
    nonce: str,
    at: datetime,
    path: str = "/",
    query: str = "",
    body: bytes = b"",
    content_type: str | None = None,
) -> dict[str, str]:
    """Headers of a signed POST, Authorization among them.

    Args:
        key_id: the access key's id.
        secret: the access key's secret.
        host: as the server sees it, with a port that is not the scheme's own.
        action: of the API.
        version: of the API, a day.
        nonce: never the same for two requests that may both take effect.
        at: real time, aware; the gateway refuses one more than 15 minutes off.
        path: of the endpoint.
        query: the encoded query string, as `query_string` makes it.
        body: exactly the bytes sent.
        content_type: of the body, if there is one.
    """
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": hashlib.sha256(body).hexdigest(),
        "x-acs-date": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    if content_type:
        headers["content-type"] = content_type
    names = ";".join(sorted(headers))
    lines = "".join(f"{name}:{headers[name]}\n" for name in sorted(headers))
    canonical = f"POST\n{path}\n{query}\n{lines}\n{names}\n{headers['x-acs-content-sha256']}"
    to_sign = f"{ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
    headers["Authorization"] = f"{ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"
    return headers


def _encode(value: str) -> str:
    return quote(value, safe="-_.~")
