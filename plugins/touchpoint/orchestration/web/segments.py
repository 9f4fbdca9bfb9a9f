"""The routes of the page of a shop's segments: to look, and to ask why one customer is where they are.

Who is asked about travels in the body of a form, not in an address: what people paste there (a phone number, too)
stays out of the server's log.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, HTTPException
from fastapi.responses import HTMLResponse

from touchpoint.db import Database
from touchpoint.orchestration.web.auth import User
from touchpoint.orchestration.web.forms import OWN_SITE, Form
from touchpoint.orchestration.web.pages import notice
from touchpoint.orchestration.web.segments_page import Asked, explain_page, segments_page
from touchpoint.orchestration.web.shown import readable_shops


def add_routes(app: FastAPI, opened: Callable[[], Database], config: Path) -> None:
    """The page and its form; neither changes anything."""

    @app.get("/segments", response_class=HTMLResponse)
    def segments(
        user: User, shop: str = "", dag_id: str = "", kind: str = "stage", month: str = "", tag: str = ""
    ) -> str:
        shown = readable_shops(user, config)
        if not shop and dag_id and not dag_id.startswith("touchpoints_"):
            return notice("No segments", "This DAG is none of Touchpoint's.")
        shop_id = shop or dag_id.partition("__")[2]
        if not shown and not shop_id:
            return notice("No segments", "There is no shop here that your log-in may read.")
        asked = Asked.of(shop_id or shown[0], kind, month, tag)
        _demand(asked, shown)
        return segments_page(opened(), config, asked, shown)

    @app.post("/segments", dependencies=[OWN_SITE], response_class=HTMLResponse)
    def explained(user: User, form: Form) -> str:
        asked = Asked.of(form.get("shop", ""), "", "", "")
        _demand(asked, readable_shops(user, config))
        return explain_page(opened(), config, asked, form.get("customer", ""))


def _demand(asked: Asked, shown: list[str]) -> None:
    if asked.shop_id not in shown:
        raise HTTPException(403)
