"""The signature of the Taobao Open Platform.

Text parameters but `sign` and empty ones, sorted by name (ASCII), written one behind the other as name and value in
UTF-8 without any encoding or separator; hashed with the app secret; upper-case hex.
Source: https://developer.alibaba.com/docs/doc.htm?articleId=105423
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal

SignMethod = Literal["md5", "hmac", "hmac-sha256"]


def sign(params: Mapping[str, str], secret: str, method: SignMethod) -> str:
    """The value of `sign` for a call.

    Args:
        params: every text parameter of the call, `sign_method` among them.
        secret: the app secret.
        method: as sent in `sign_method`; `hmac` is HMAC-MD5.
    """
    given = sorted((name, value) for name, value in params.items() if name != "sign" and value != "")
    text = "".join(name + value for name, value in given).encode()
    key = secret.encode()
    if method == "md5":
        return hashlib.md5(key + text + key).hexdigest().upper()  # noqa: S324 - the protocol's
    return hmac.new(key, text, "md5" if method == "hmac" else "sha256").hexdigest().upper()
