"""The routes of the approval page: to look, and to answer through Airflow's own API as the user who looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.responses import HTMLResponse

from touchpoint.db import Database
from touchpoint.errors import TouchpointError
from touchpoint.orchestration.web import answering
from touchpoint.orchestration.web.approval_page import PLACE, approval_page, demand_open
from touchpoint.orchestration.web.auth import MAY_READ_DAG, User, may_answer
from touchpoint.orchestration.web.forms import OWN_SITE, Form, see
from touchpoint.orchestration.web.pages import approval_address

REFUSALS = {
    404: TouchpointError(
        "the task does not wait for an answer any more", place=PLACE, remedy="clear it in Airflow: it asks anew"
    ),
    409: TouchpointError("somebody has answered already", place=PLACE, remedy="see below who"),
    503: TouchpointError(
        "the question is looked at this very moment, or somebody has just answered",
        place=PLACE,
        remedy="look again in ten seconds",
    ),
}


def add_routes(app: FastAPI, opened: Callable[[], Database], config: Path) -> None:
    """The page and its form."""

    @app.get("/approval", response_class=HTMLResponse, dependencies=[MAY_READ_DAG])
    def approval(user: User, dag_id: str = "", run_id: str = "", answered: str = "") -> str:
        allowed = may_answer(user, dag_id)
        return approval_page(opened(), config, dag_id, run_id, may_answer=allowed, answered=answered)

    @app.post("/approval", dependencies=[OWN_SITE, MAY_READ_DAG], response_class=HTMLResponse)
    def answer(request: Request, user: User, form: Form, dag_id: str = "", run_id: str = "") -> Response:
        if not may_answer(user, dag_id):
            raise HTTPException(403)
        try:
            campaign_id, code = demand_open(opened(), config, dag_id, run_id, form)
            status = answering.answer(request, dag_id, run_id, campaign_id, form, code)
            if status in REFUSALS:
                raise REFUSALS[status]
        except TouchpointError as refused:
            page = approval_page(opened(), config, dag_id, run_id, may_answer=True, problem=refused)
            return HTMLResponse(page, 409)
        if status != 200:
            raise HTTPException(status)
        return see(approval_address(dag_id, run_id, answered=campaign_id))
