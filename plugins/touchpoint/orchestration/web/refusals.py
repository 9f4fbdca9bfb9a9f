"""What is said where there is no page to show: why, and where to go from there. Names nothing that was asked."""

from __future__ import annotations

import logging
from urllib.parse import urlencode

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from touchpoint.errors import TimeError, TouchpointError
from touchpoint.orchestration.web.forms import FOREIGN_FORM
from touchpoint.orchestration.web.headers import HEADERS
from touchpoint.orchestration.web.pages import make_page

LOG_IN = "../api/v2/auth/login"
"""Airflow's own way to its log-in form, as seen from a page of ours."""
_SAID: dict[int | str, tuple[str, str, str]] = {
    400: ("This cannot be read", "The address or the form holds something no page of ours sends.", "Go back."),
    401: ("Your log-in has ended", "Nothing is lost: what you recorded is kept.", ""),
    403: ("Not for this log-in", "Your role may not look at this, or not change it.", "An administrator can grant it."),
    404: ("No such page", "There is nothing at this address.", "Use the entry Touchpoint in the navigation."),
    405: ("This did not work", "This address takes no such request.", "Use the entry Touchpoint in the navigation."),
    413: ("This is too long", "A form holds a note of a few hundred characters.", "Shorten it and send it again."),
    415: ("This did not work", "That was no form of a page.", "Send it from the page itself."),
    422: ("This cannot be read", "The address or the form lacks something.", "Go back."),
    500: ("This page cannot be shown", "That is a mistake of Touchpoint's; it stands in the api-server's log.", ""),
    FOREIGN_FORM: (
        "Not sent from here",
        "This form did not come from a page of Touchpoint, so nothing was changed.",
        "Open the page in Airflow and send it from there. Your rights have nothing to do with it.",
    ),
}
log = logging.getLogger(__name__)


def refusal_page(status: int, *, detail: str = "", root: str = "", log_in: str = "") -> str:
    """What an HTTP refusal says.

    Args:
        status: of the response.
        detail: a refusal of ours that a status does not tell.
        root: the way from the address up to the pages' own folder, as in "../".
        log_in: address of the log-in form, for whom it helps.
    """
    said = _SAID.get(detail) or _SAID.get(status)
    heading, text, remedy = said or ("This did not work", f"The answer was {status}.", "")
    return make_page("notice.html", title=heading, text=text, remedy=remedy, root=root, log_in=log_in)


def tell_errors_as_pages(app: FastAPI) -> None:
    """Answer every error of the application with a page that says what to do."""

    @app.exception_handler(StarletteHTTPException)
    async def refused(request: Request, error: StarletteHTTPException) -> HTMLResponse:
        page = refusal_page(
            error.status_code,
            detail=str(error.detail),
            root=_root(request),
            log_in=_log_in(request) if error.status_code == 401 else "",
        )
        return HTMLResponse(page, error.status_code, headers=error.headers)

    @app.exception_handler(RequestValidationError)
    async def unreadable(request: Request, error: RequestValidationError) -> HTMLResponse:
        return HTMLResponse(refusal_page(422, root=_root(request)), 422)

    @app.exception_handler(SQLAlchemyError)
    async def unreachable(request: Request, error: SQLAlchemyError) -> HTMLResponse:
        log.error("Touchpoint's pages cannot read their database: %s", type(error).__name__)
        if isinstance(error, DBAPIError) and getattr(error.orig, "pgcode", None):
            return HTMLResponse(refusal_page(500, root=_root(request)), 500)
        return HTMLResponse(unreachable_page(), 503)

    @app.exception_handler(TimeError)
    async def mistyped(request: Request, error: TimeError) -> HTMLResponse:
        return HTMLResponse(error_page(error), 400)

    @app.exception_handler(TouchpointError)
    async def failed(request: Request, error: TouchpointError) -> HTMLResponse:
        log.error("Touchpoint's pages: %s", error)
        return HTMLResponse(error_page(error), 500)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> HTMLResponse:
        # Answered outside the middleware that puts the headers on every other page; the server logs the error itself.
        return HTMLResponse(refusal_page(500, root=_root(request)), 500, headers=HEADERS)


def unreachable_page() -> str:
    """The database does not answer, or has not been migrated."""
    return make_page(
        "notice.html",
        title="Touchpoint's database cannot be read",
        text="It does not answer, or has not been brought to this version.",
        remedy="Check the connection `touchpoint`, and run the migrations.",
    )


def error_page(error: TouchpointError) -> str:
    """An error of ours: thing, place, remedy."""
    place = f"{error.place}: " if error.place else ""
    return make_page("notice.html", title="This page cannot be shown", text=place + error.thing, remedy=error.remedy)


class ReadableAddresses:
    """ASGI middleware that refuses an address with a NUL byte, which no database takes, before anybody looks it up."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the call on, or answer 400."""
        if scope["type"] == "http" and (b"%00" in scope["query_string"] or "\0" in scope["path"]):
            await HTMLResponse(refusal_page(400, root=_root(Request(scope))), 400)(scope, receive, send)
        else:
            await self.app(scope, receive, send)


def _root(request: Request) -> str:
    below = request.url.path.removeprefix(str(request.scope.get("root_path", ""))).lstrip("/")
    return "../" * below.count("/")


def _log_in(request: Request) -> str:
    """Back to this very page afterwards; after a form, to its page: a change is never made by logging in."""
    asked = f"?{request.url.query}" if request.url.query else ""
    return f"{_root(request)}{LOG_IN}?{urlencode({'next': request.url.path + asked})}"
