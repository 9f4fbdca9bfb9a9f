"""What Aliyun's error codes mean for a message (Dysmsapi 2017-05-25, API error codes).

A code says that the call was refused, so that nobody in it was sent anything, except the two that say "maybe".
"""

from __future__ import annotations

from enum import StrEnum

from touchpoint.model import SendState


class Blame(StrEnum):
    """What a refusal is about."""

    RECIPIENT = "recipient"  # one message of the call: the others may go without it
    CHANNEL = "channel"  # everything until a person acts: balance, signature, template, permission
    MOMENT = "moment"  # try again later
    MAYBE = "maybe"  # an earlier request with our nonce reached the gateway


RECIPIENT_CODES = {
    "isv.MOBILE_NUMBER_ILLEGAL": SendState.REJECTED,
    "isv.BLACK_KEY_CONTROL_LIMIT": SendState.REJECTED,
    "isv.DOMESTIC_NUMBER_NOT_SUPPORTED": SendState.REJECTED,
    "isv.TEMPLATE_MISSING_PARAMETERS": SendState.REJECTED,
    "isv.TEMPLATE_PARAMS_ILLEGAL": SendState.REJECTED,
    "isv.PARAM_LENGTH_LIMIT": SendState.REJECTED,
    "isv.PARAM_NOT_SUPPORT_URL": SendState.REJECTED,
    "isv.INVALID_JSON_PARAM": SendState.REJECTED,
    "isv.SMS_CONTENT_ILLEGAL": SendState.REJECTED,
    # Too many texts to one number: that number may get one later.
    "isv.BUSINESS_LIMIT_CONTROL": SendState.RETRYABLE,
}
"""Code -> what becomes of the one message it is about."""

CHANNEL_CODES = frozenset(
    {
        "isv.AMOUNT_NOT_ENOUGH",
        "isv.OUT_OF_SERVICE",
        "isv.ACCOUNT_NOT_EXISTS",
        "isv.ACCOUNT_ABNORMAL",
        "isv.DAY_LIMIT_CONTROL",
        "isv.MONTH_LIMIT_CONTROL",
        "isv.PRODUCT_UN_SUBSCRIPT",
        # A wrong entry in the shop file or at the provider would cost every message its only chance, so they wait.
        "isv.SMS_SIGNATURE_ILLEGAL",
        "isv.SMS_SIGN_ILLEGAL",
        "isv.SIGN_STATE_ILLEGAL",
        "isv.SMS_SIGNATURE_SCENE_ILLEGAL",
        "isv.SMS_TEMPLATE_ILLEGAL",
        "isv.EXTEND_CODE_ERROR",
        "isv.DENY_IP_RANGE",
        "isp.RAM_PERMISSION_DENY",
        "isv.INVALID_PARAMETERS",
        "SignatureDoesNotMatch",
        "IncompleteSignature",
        "InvalidAccessKeyId.NotFound",
        "InvalidAccessKeyId.Inactive",
        "InvalidTimeStamp.Expired",
        "InvalidTimeStamp.Format",
        "MissingParameter",
        "NoPermission",
        "Forbidden.RAM",
    }
)


def blame(code: str) -> Blame:
    """What a code is about. One nobody knows stops the channel: nothing is lost while somebody looks it up."""
    if code in RECIPIENT_CODES:
        return Blame.RECIPIENT
    if code == "SignatureNonceUsed":
        return Blame.MAYBE
    if code not in CHANNEL_CODES and code.startswith(("Throttling", "isp.", "ServiceUnavailable")):
        return Blame.MOMENT
    return Blame.CHANNEL
