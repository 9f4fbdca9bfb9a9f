"""The platform's request signature, written from its documentation and not shared with the client under test.

Source: https://developer.alibaba.com/docs/doc.htm?articleId=105423
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

METHODS = ("md5", "hmac", "hmac-sha256")


def signature(params: Mapping[str, str], secret: str, method: str) -> str:
    """Upper-case hexadecimal signature over every non-empty parameter but `sign`, in ASCII order of the names."""
    text = "".join(f"{key}{params[key]}" for key in sorted(params) if key != "sign" and params[key] != "")
    key, content = secret.encode(), text.encode()
    if method == "md5":
        return hashlib.md5(key + content + key, usedforsecurity=False).hexdigest().upper()
    return hmac.new(key, content, "sha256" if method == "hmac-sha256" else "md5").hexdigest().upper()
