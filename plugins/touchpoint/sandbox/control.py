"""The strings a test pulls: clock, faults, facts, exports, templates; and the logs of what was accepted."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from touchpoint.errors import TouchpointError
from touchpoint.sandbox.exports import write_export, write_reviews
from touchpoint.sandbox.faults import Faults
from touchpoint.sandbox.journal import Journal
from touchpoint.sandbox.sms.book import Book
from touchpoint.sandbox.state import SandboxClock, parse_instant
from touchpoint.sandbox.world.shop import World

Handler = Callable[[Request], Awaitable[Response]]


@dataclass
class Control:
    """The routes below /control/, and /health. Instants are ISO 8601 with offset; none means the sandbox's clock."""

    world: World
    clock: SandboxClock
    faults: Faults
    book: Book
    mails: Journal
    exports: Path
    connections: dict[str, str]

    def routes(self) -> list[Route]:
        """All of them."""
        plain: dict[tuple[str, str], Callable[[Any, Request], Any]] = {
            ("GET", "/health"): self.health,
            ("GET", "/control/connections"): lambda _body, _request: self.connections,
            ("GET", "/control/clock"): lambda _body, _request: self.clock.told(),
            ("POST", "/control/clock"): self.set_clock,
            ("GET", "/control/faults"): lambda _body, _request: self.faults.told(),
            ("POST", "/control/faults"): self.set_faults,
            ("DELETE", "/control/faults"): self.clear_faults,
            ("POST", "/control/exports"): self.export,
            ("POST", "/control/sms/templates"): self.register,
            ("GET", "/control/sms/templates"): lambda _body, _request: self.book.templates,
            ("GET", "/control/sms/log"): lambda _body, request: _log(self.book.journal, request),
            ("GET", "/control/mail/log"): lambda _body, request: _log(self.mails, request),
            ("GET", "/control/world/open"): self.open_trades,
            ("POST", "/control/world/{what}"): self.force,
        }
        return [Route(path, _answering(answer), methods=[method]) for (method, path), answer in plain.items()]

    def health(self, _body: Any, _request: Request) -> Any:
        """GET /health: it lives, and which world it tells."""
        origin = self.world.origin
        told = {"seed": origin.seed, "anchor": origin.anchor.isoformat(), "orders_per_hour": origin.orders_per_hour}
        return {"status": "ok", **told, "clock": self.clock.told()}

    def set_clock(self, body: Any, _request: Request) -> Any:
        """POST /control/clock {"at": iso | null, "runs": bool}: stand there, run on from there, or be real time."""
        if body.get("at") is None:
            self.clock.run()
        elif body.get("runs"):
            self.clock.run_from(parse_instant(body["at"], "at"))
        else:
            self.clock.stop(parse_instant(body["at"], "at"))
        return self.clock.told()

    def set_faults(self, body: Any, _request: Request) -> Any:
        """POST /control/faults {area: {name: value}}: see faults.py. DELETE lifts them all."""
        self.faults.change(body)
        return self.faults.told()

    def clear_faults(self, _body: Any, _request: Request) -> Any:
        """DELETE /control/faults."""
        self.faults.clear()
        return self.faults.told()

    def export(self, body: Any, _request: Request) -> Any:
        """POST /control/exports {"at": iso | null}: write the whole lists of members and reviews as at that instant."""
        at = self._instant(body)
        path = write_export(self.world, self.exports / "members", at)
        return {"path": str(path), "reviews": str(write_reviews(self.world, self.exports / "reviews", at))}

    def register(self, body: Any, _request: Request) -> Any:
        """POST /control/sms/templates {code: text with ${name}}."""
        self.book.register({str(code): str(text) for code, text in body.items()})
        return self.book.templates

    def force(self, body: Any, request: Request) -> Any:
        """POST /control/world/order|member|pay|close|renumber {...}: force a fact; see world/forced.py."""
        at = int(self._instant(body).timestamp())
        return self.world.force({**body, "what": request.path_params["what"], "at": at})

    def open_trades(self, _body: Any, request: Request) -> Any:
        """GET /control/world/open?at=iso: trades neither paid nor closed, with how their buyers can be reached."""
        at = int(self._instant(dict(request.query_params)).timestamp())
        told = []
        for now in self.world.open_trades(at):
            member = self.world.buyers.member(now.order.buyer)
            is_member = member is not None and member.joined_at <= at
            told.append(
                {
                    "tid": str(now.order.tid),
                    "ouid": self.world.buyers.ouid(now.order.buyer),
                    "kind": now.order.kind,
                    "status": now.status,
                    "created": datetime.fromtimestamp(now.order.created, self.clock.now().tzinfo).isoformat(),
                    "is_member": is_member,
                    "has_phone": bool(is_member and member and member.phone),
                    "has_email": bool(is_member and member and member.email),
                }
            )
        return told

    def _instant(self, body: Any) -> datetime:
        return parse_instant(body["at"], "at") if body.get("at") else self.clock.now()


def _log(journal: Journal, request: Request) -> Any:
    return journal.after(int(request.query_params.get("after", 0)), request.query_params.get("since", ""))


def _answering(answer: Callable[[Any, Request], Any]) -> Handler:
    async def handle(request: Request) -> Response:
        try:
            body = await request.json() if await request.body() else {}
            return JSONResponse(answer(body, request))
        except TouchpointError as error:
            return JSONResponse({"error": str(error)}, status_code=400)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return JSONResponse({"error": f"{type(error).__name__}: {error}"}, status_code=400)

    return handle
