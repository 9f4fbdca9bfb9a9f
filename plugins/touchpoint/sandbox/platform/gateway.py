"""The platform's gateway: reads a call, lets faults strike, checks it, hands it to its method, shapes the answer."""

from __future__ import annotations

import json
from asyncio import sleep
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from touchpoint.clock import real_now
from touchpoint.sandbox.answers import TornResponse
from touchpoint.sandbox.faults import Faults
from touchpoint.sandbox.platform.methods import METHODS, Call
from touchpoint.sandbox.platform.protocol import Answer, Params, PlatformError, as_xml, check, wrapped
from touchpoint.sandbox.state import SandboxClock
from touchpoint.sandbox.world.dice import letters
from touchpoint.sandbox.world.shop import World


class Gateway:
    """POST /router/rest. The state of a trade is as at the sandbox's clock; signatures are judged by real time."""

    def __init__(self, world: World, clock: SandboxClock, faults: Faults) -> None:
        self._world, self._clock, self._faults = world, clock, faults
        self._calls = 0

    async def answer(self, request: Request) -> Response:
        """Answer a call; every error of the protocol comes with HTTP 200."""
        body = (await request.body()).decode("utf-8", "replace")
        pairs = parse_qsl(request.url.query, keep_blank_values=True) + parse_qsl(body, keep_blank_values=True)
        params = dict(pairs)
        await sleep(self._faults.value("platform", "slow", 5.0))
        if self._faults.hits("platform", "down"):
            return Response(status_code=503)
        if self._faults.hits("platform", "http500"):
            return HTMLResponse("<html><body><h1>500 Internal Server Error</h1></body></html>", status_code=500)
        self._calls += 1
        request_id = letters(16, "request", self._calls, real_now())
        response = _shaped(self._answer(params, request_id), params)
        return TornResponse(response) if self._faults.hits("platform", "reset") else response

    def _answer(self, params: Params, request_id: str) -> Answer:
        try:
            self._refuse()
            check(params, real_now())
            method = METHODS.get(params["method"])
            if method is None:
                raise PlatformError(22, "Invalid method")
            answer = method(Call(self._world, self._faults, params, self._clock.epoch))
        except PlatformError as error:
            return error.body(request_id)
        return wrapped(params["method"], answer, request_id, is_simple=params.get("simplify") == "true")

    def _refuse(self) -> None:
        wait = int(self._faults.value("platform", "throttled", 1))
        if wait:
            raise PlatformError(
                7,
                "App Call Limited",
                "accesscontrol.limited-by-app-api-access-count",
                f"This ban will last for {wait} more seconds",
            )
        if self._faults.hits("platform", "system_busy"):
            raise PlatformError(15, "Remote service error", "isp.system-busy", "system is busy")
        if self._faults.hits("platform", "wrong_signature"):
            raise PlatformError(25, "Invalid signature")
        if self._faults.hits("platform", "expired_session"):
            raise PlatformError(27, "Invalid session", "session-expired", "the session has expired")


def _shaped(answer: Answer, params: Params) -> Response:
    if params.get("format", "xml") == "json":
        return Response(json.dumps(answer, ensure_ascii=False), media_type="application/json;charset=utf-8")
    return Response(f'<?xml version="1.0" encoding="utf-8"?>{as_xml(answer)}', media_type="text/xml;charset=utf-8")
