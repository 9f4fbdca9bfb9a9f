"""Texts as the gateway composes them: template and parameters become what the buyer reads."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_VARIABLE = re.compile(r"\$\{(\w+)\}")
_MOBILE = re.compile(r"^(?:\+?86)?(1[3-9]\d{9})$")


@dataclass
class BusinessError(Exception):
    """A business error: HTTP 200 with a Code other than OK."""

    code: str
    message: str


@dataclass(frozen=True)
class Text:
    """One text to one number."""

    phone: str
    sign_name: str
    template_code: str
    params: dict[str, str]
    content: str


def mobile(number: str) -> str:
    """A mainland mobile number in its eleven digits.

    Raises:
        BusinessError: it is none.
    """
    match = _MOBILE.match(number)
    if not match:
        raise BusinessError("isv.MOBILE_NUMBER_ILLEGAL", "invalid mobile number")
    return match[1]


def compose(templates: dict[str, str], phone: str, sign_name: str, code: str, params: Any) -> Text:
    """The text a buyer gets.

    Raises:
        BusinessError: number, signature, template or parameters the gateway does not take.
    """
    if not sign_name:
        raise BusinessError("isv.SMS_SIGNATURE_ILLEGAL", "illegal signature")
    if code not in templates:
        raise BusinessError("isv.SMS_TEMPLATE_ILLEGAL", "illegal template")
    if not isinstance(params, dict):
        raise BusinessError("isv.INVALID_JSON_PARAM", "template parameters are no JSON object")
    filled = {name: str(value) for name, value in params.items()}
    missing = set(_VARIABLE.findall(templates[code])) - set(filled)
    if missing:
        raise BusinessError("isv.TEMPLATE_MISSING_PARAMETERS", f"missing: {', '.join(sorted(missing))}")
    words = _VARIABLE.sub(lambda match: filled[match[1]], templates[code])
    content = f"【{sign_name}】{words}"
    if len(content) > 500:
        raise BusinessError("isv.PARAM_LENGTH_LIMIT", "longer than 500 characters")
    return Text(mobile(phone), sign_name, code, filled, content)


def texts_of_send(params: dict[str, str], templates: dict[str, str]) -> list[Text]:
    """SendSms: one template and one set of parameters for up to 1000 numbers separated by commas.

    Raises:
        BusinessError: anything of it is not taken.
    """
    numbers = required(params, "PhoneNumbers").split(",")
    if len(numbers) > 1000:
        raise BusinessError("isv.MOBILE_COUNT_OVER_LIMIT", "more than 1000 numbers")
    filling = read_json(params.get("TemplateParam") or "{}")
    sign_name, code = required(params, "SignName"), required(params, "TemplateCode")
    return [compose(templates, number, sign_name, code, filling) for number in numbers]


def texts_of_batch(params: dict[str, str], templates: dict[str, str]) -> list[Text]:
    """SendBatchSms: up to 100 numbers, each with its own signature and parameters, in three arrays of one length.

    Raises:
        BusinessError: anything of it is not taken; then nothing of it is.
    """
    numbers, signs = (read_json(required(params, name)) for name in ("PhoneNumberJson", "SignNameJson"))
    fillings = read_json(params.get("TemplateParamJson") or "[]")
    if not all(isinstance(each, list) for each in (numbers, signs, fillings)):
        raise BusinessError("isv.INVALID_JSON_PARAM", "arrays wanted")
    fillings = fillings or [{}] * len(numbers)
    if not len(numbers) == len(signs) == len(fillings):
        raise BusinessError("isv.INVALID_PARAMETERS", "arrays of different lengths")
    if not 1 <= len(numbers) <= 100:
        raise BusinessError("isv.MOBILE_COUNT_OVER_LIMIT", "1 to 100 numbers")
    code = required(params, "TemplateCode")
    return [compose(templates, *each[:2], code, each[2]) for each in zip(numbers, signs, fillings, strict=True)]


def required(params: dict[str, str], name: str) -> str:
    """A parameter that must be there.

    Raises:
        BusinessError: it is not.
    """
    if not params.get(name):
        raise BusinessError(f"Missing{name}", f"{name} is mandatory for this action.")
    return params[name]


def read_json(text: str) -> Any:
    """What a JSON parameter holds.

    Raises:
        BusinessError: it is no JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise BusinessError("isv.INVALID_JSON_PARAM", "no JSON") from error
