"""The SMS gateway: checks a call's signature, writes accepted texts down, answers, and fails on demand."""

from __future__ import annotations

from asyncio import sleep
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from touchpoint.clock import real_now
from touchpoint.sandbox.answers import TornResponse
from touchpoint.sandbox.credentials import ACCESS_KEY_ID, ACCESS_KEY_SECRET
from touchpoint.sandbox.faults import Faults
from touchpoint.sandbox.journal import Entry
from touchpoint.sandbox.sms.book import Book, day_of
from touchpoint.sandbox.sms.messages import BusinessError, Text, mobile, required, texts_of_batch, texts_of_send
from touchpoint.sandbox.sms.signature import matches, parse_authorization
from touchpoint.sandbox.world.dice import letters, number

SKEW = timedelta(minutes=15)
VERSION = "2017-05-25"
SENDING = {"SendSms": texts_of_send, "SendBatchSms": texts_of_batch}


@dataclass
class GatewayError(Exception):
    """The gateway itself refuses the call: not HTTP 200."""

    status: int
    code: str
    message: str


class SmsGateway:
    """POST / (or /sms). Everything accepted is on disk before the answer leaves, whatever becomes of the answer."""

    def __init__(self, book: Book, faults: Faults) -> None:
        self._book, self._faults = book, faults
        self._calls = 0

    async def answer(self, request: Request) -> Response:
        """Answer a call."""
        if self._faults.hits("sms", "down"):
            return Response(status_code=503)
        body = await request.body()
        self._calls += 1
        request_id = letters(32, "sms", self._calls, real_now()).upper()
        try:
            action, nonce = self._checked(request, body)
            params = _params(request, body)
            answer = self._query(params) if action == "QuerySendDetails" else self._send(action, params, nonce)
        except GatewayError as error:
            told = {"Code": error.code, "Message": error.message, "HostId": "dysmsapi.aliyuncs.com"}
            return JSONResponse({**told, "RequestId": request_id}, status_code=error.status)
        except BusinessError as error:
            return JSONResponse({"Code": error.code, "Message": error.message, "RequestId": request_id})
        response = JSONResponse({"Code": "OK", "Message": "OK", "RequestId": request_id, **answer})
        return response if action == "QuerySendDetails" else await self._spoilt(response)

    async def _spoilt(self, response: Response) -> Response:
        """What becomes of the answer after the texts were accepted."""
        await sleep(self._faults.value("sms", "latency_ms") / 1000)
        await sleep(self._faults.value("sms", "accept_then_timeout", 60.0))
        if self._faults.hits("sms", "error500_after_accept"):
            return JSONResponse({"Code": "InternalError", "Message": "The request has failed."}, status_code=500)
        return TornResponse(response) if self._faults.hits("sms", "reset_after_accept") else response

    def _checked(self, request: Request, body: bytes) -> tuple[str, str]:
        """(action, nonce) of a call whose signature is right and whose nonce is new."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        claim = parse_authorization(headers.get("authorization", ""))
        if claim is None:
            raise GatewayError(400, "MissingAuthorization", "Authorization is missing or malformed.")
        if claim.access_key_id != ACCESS_KEY_ID:
            raise GatewayError(404, "InvalidAccessKeyId.NotFound", "Specified access key is not found.")
        query = request.url.query
        if not matches(request.method, request.url.path, query, headers, body, claim, ACCESS_KEY_SECRET):
            raise GatewayError(400, "SignatureDoesNotMatch", "Specified signature does not match our calculation.")
        _check_date(headers.get("x-acs-date", ""))
        nonce, action = headers.get("x-acs-signature-nonce", ""), headers.get("x-acs-action", "")
        if not nonce or "x-acs-signature-nonce" not in claim.signed_headers:
            raise GatewayError(400, "MissingSignatureNonce", "x-acs-signature-nonce is mandatory.")
        if headers.get("x-acs-version") != VERSION or action not in {*SENDING, "QuerySendDetails"}:
            raise GatewayError(404, "InvalidAction.NotFound", "Specified api is not found.")
        if self._book.is_replay(nonce):
            raise GatewayError(400, "SignatureNonceUsed", "Specified signature nonce was used already.")
        return action, nonce

    def _send(self, action: str, params: dict[str, str], nonce: str) -> dict[str, Any]:
        fault = self._faults.strikes("sms", "error_code")
        if fault is not None:
            raise BusinessError(str(fault.get("value", "isp.SYSTEM_ERROR")), "refused on demand")
        texts = SENDING[action](params, self._book.templates)
        self._limit(texts)
        biz_id = f"{number('biz', nonce) % 10**18:018d}^0"
        self._book.accept(texts, (biz_id, params.get("OutId", ""), nonce))
        return {"BizId": biz_id}

    def _limit(self, texts: list[Text]) -> None:
        permits = int(self._faults.value("sms", "business_limit", 50))
        day = day_of(real_now())
        if permits and any(len(self._book.of_day(text.phone, day)) >= permits for text in texts):
            raise BusinessError("isv.BUSINESS_LIMIT_CONTROL", f"触发天级流控Permits:{permits}")

    def _query(self, params: dict[str, str]) -> dict[str, Any]:
        phone, day = mobile(required(params, "PhoneNumber")), required(params, "SendDate")
        size, page = int(required(params, "PageSize")), int(required(params, "CurrentPage"))
        if not 1 <= size <= 50 or page < 1:
            raise BusinessError("isv.INVALID_PARAMETERS", "PageSize 1 to 50, CurrentPage from 1")
        known_until = real_now() - timedelta(seconds=self._faults.value("sms", "query_lag_s"))
        known = [
            _detail(entry)
            for entry in self._book.of_day(phone, day)
            if datetime.fromisoformat(entry["accepted_at"]) <= known_until
            and params.get("BizId") in (None, "", entry["biz_id"])
        ]
        shown = known[(page - 1) * size : page * size]
        return {"TotalCount": len(known), "SmsSendDetailDTOs": {"SmsSendDetailDTO": shown}}


def _check_date(text: str) -> None:
    try:
        told = datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise GatewayError(400, "InvalidTimeStamp.Format", "Specified time stamp is not well formatted.") from error
    if abs(told - real_now()) > SKEW:
        raise GatewayError(400, "InvalidTimeStamp.Expired", "Specified time stamp or date value is expired.")


def _params(request: Request, body: bytes) -> dict[str, str]:
    pairs = parse_qsl(request.url.query, keep_blank_values=True)
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        pairs += parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True)
    return dict(pairs)


def _detail(entry: Entry) -> dict[str, Any]:
    sent = datetime.fromisoformat(entry["accepted_at"])
    is_received = real_now() - sent > timedelta(seconds=2)
    told = {
        "PhoneNum": entry["phone"],
        "OutId": entry["out_id"],
        "SendStatus": 3 if is_received else 1,
        "ErrCode": "DELIVERED" if is_received else "",
        "SendDate": _local(sent),
        "TemplateCode": entry["template_code"],
        "Content": entry["content"],
    }
    return {**told, "ReceiveDate": _local(sent + timedelta(seconds=2))} if is_received else told


def _local(instant: datetime) -> str:
    return (instant.astimezone(UTC) + timedelta(hours=8)).strftime("%Y-%m-%d %H:%M:%S")
