"""The worklist: what people of a shop are to do, and a form for what came of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlencode

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse

from touchpoint.clock import real_now
from touchpoint.db import Database, Transaction
from touchpoint.errors import TouchpointError
from touchpoint.orchestration.web.auth import User, editable_dags, name_of
from touchpoint.orchestration.web.forms import OWN_SITE, Form, see
from touchpoint.orchestration.web.pages import LIVE, Face, face_of, make_page, notice
from touchpoint.orchestration.web.shown import offered_shops, readable_shops
from touchpoint.render.words import money
from touchpoint.reports import words
from touchpoint.worklists import desk
from touchpoint.worklists.kinds import KINDS, OUTCOMES, kind_of

_INSTANT = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$")
STATES = {"open": "open", "done": "done", "withdrawn": "withdrawn", "all": None}


@dataclass(frozen=True)
class Asked:
    """What a user wants to see of a shop's worklist; words nobody knows stand for what is shown first."""

    shop_id: str
    kind: str | None
    state: str
    number: int

    @classmethod
    def of(cls, shop: str, kind: str, state: str, page: str) -> Asked:
        """From a query."""
        return cls(shop, kind if kind in KINDS else None, state if state in STATES else "open", max(1, _number(page)))

    def address(self, **changes: object) -> str:
        """Relative address of this page, or of the one with some of it changed."""
        given = {"shop": self.shop_id, "kind": self.kind, "state": self.state, "page": self.number, **changes}
        return "worklist?" + urlencode({name: str(value) for name, value in given.items() if value is not None})


def add_routes(app: FastAPI, opened: Callable[[], Database], config: Path) -> None:
    """The page, its form and its CSV."""

    @app.get("/worklist", response_class=HTMLResponse)
    def worklist(
        user: User, shop: str = "", kind: str = "", state: str = "open", page: str = "1", done: str = ""
    ) -> str:
        shown = readable_shops(user, config)
        if not shown:
            return notice("No worklist", "There is no shop here that your log-in may read.")
        asked = Asked.of(shop or shown[0], kind, state, page)
        if asked.shop_id not in shown:
            raise HTTPException(403)
        may_record = _may_record(user, asked.shop_id)
        return worklist_page(opened(), config, asked, shown, may_record=may_record, done=_number(done))

    @app.get("/worklist.csv")
    def listed(user: User, shop: str = "", kind: str = "", state: str = "open") -> Response:
        asked = Asked.of(shop, kind, state, "1")
        if asked.shop_id not in readable_shops(user, config):
            raise HTTPException(403)
        name = f"worklist-{asked.shop_id}-{asked.state}.csv"
        return Response(
            worklist_csv(opened(), config, asked),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    @app.post("/worklist", dependencies=[OWN_SITE], response_class=HTMLResponse)
    def record(user: User, form: Form) -> Response:
        shown = readable_shops(user, config)
        given = {name: form.get(name, "") for name in ("shop", "kind", "state", "page", "task", "outcome", "note")}
        asked = Asked.of(given["shop"], given["kind"], given["state"], given["page"])
        if asked.shop_id not in shown or not _may_record(user, asked.shop_id):
            raise HTTPException(403)
        try:
            number = record_outcome(opened(), config, asked, given, name_of(user))
        except TouchpointError as refused:
            told = worklist_page(opened(), config, asked, shown, may_record=True, problem=refused)
            return HTMLResponse(told, 409)
        return see(asked.address(done=number))


def worklist_page(
    database: Database,
    config: Path,
    asked: Asked,
    shown: list[str],
    *,
    may_record: bool,
    done: int = 0,
    problem: TouchpointError | None = None,
) -> str:
    """One page of a shop's worklist.

    Args:
        database: the ledger.
        config: shop files.
        asked: what is to be seen.
        shown: shops the user may see.
        may_record: whether the user may record outcomes.
        done: the task whose outcome was just recorded.
        problem: why an outcome was not recorded.
    """
    face = face_of(asked.shop_id, config)
    with database.transaction() as tx:
        found = desk.page(
            tx,
            realm=_realm(face),
            shop_id=asked.shop_id,
            kind=asked.kind,
            state=STATES[asked.state],
            number=asked.number,
        )
        at = _business_time(tx, _realm(face))
        offered = offered_shops(tx, config, shown, asked.shop_id)
    return make_page(
        "worklist.html",
        title=f"{face.name}: worklist",
        face=face,
        asked=asked,
        found=found,
        shops=[(shop_id, face_of(shop_id, config).name) for shop_id in offered],
        kinds=[*KINDS, *sorted(set(found.counts) - set(KINDS))],
        kind_of=kind_of,
        outcomes=OUTCOMES,
        states=STATES,
        may_record=may_record,
        done=done,
        problem=problem,
        told=lambda detail: told(detail, face),
        when=lambda at: f"{at.astimezone(face.zone):%Y-%m-%d %H:%M}",
        age=lambda since: words.span(at - since),
        in_state=lambda state, kind: _in_state(found, STATES[state], kind),
    )


def worklist_csv(database: Database, config: Path, asked: Asked) -> str:
    """The tasks asked for, all pages of them."""
    face = face_of(asked.shop_id, config)
    with database.transaction() as tx:
        found = desk.tasks(tx, realm=_realm(face), shop_id=asked.shop_id, kind=asked.kind, state=STATES[asked.state])
    return desk.as_csv(found, face.zone)


def record_outcome(database: Database, config: Path, asked: Asked, given: dict[str, str], who: str) -> int:
    """Record what came of a task; its number.

    Raises:
        TouchpointError: no such task of this shop, no outcome chosen, or somebody recorded one before.
    """
    number = _number(given["task"])
    with database.transaction() as tx:
        at = _business_time(tx, _realm(face_of(asked.shop_id, config)))
        desk.close(
            tx,
            task_id=number,
            shop_id=asked.shop_id,
            outcome=given["outcome"],
            note=given["note"],
            who=who,
            at=at,
        )
    return number


def told(detail: Mapping[str, object], face: Face) -> list[str]:
    """What a task's detail says, a line each: an amount, instants in the shop's zone, anything else by its name."""
    amount = detail.get("amount_minor")
    lines = [money(int(str(amount)), str(detail.get("currency", "")), "en")] if amount is not None else []
    for name, value in detail.items():
        if name not in ("amount_minor", "currency") and value is not None:
            lines.append(f"{name.replace('_', ' ')} {_shown(value, face)}")
    return lines


def _shown(value: object, face: Face) -> str:
    if isinstance(value, str) and _INSTANT.match(value):
        return f"{datetime.fromisoformat(value).astimezone(face.zone):%Y-%m-%d %H:%M}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 15 else 0


def _may_record(user: object, shop_id: str) -> bool:
    """Tasks are opened by the shop's intraday DAG: whoever may edit that may say what came of them."""
    return bool(editable_dags(user, [f"touchpoints_intraday__{shop_id}"]))


def _realm(face: Face) -> str:
    return face.shop.realm if face.shop else LIVE


def _business_time(tx: Transaction, realm: str) -> datetime:
    clock = tx.maybe("runs/clock_read", realm=realm)
    return clock["at"] if clock else real_now()


def _in_state(found: desk.Page, state: str | None, kind: str | None) -> int:
    return sum(
        tasks
        for of_kind, states in found.counts.items()
        for of_state, tasks in states.items()
        if kind in (None, of_kind) and state in (None, of_state)
    )
