"""The kill switches: what is stopped, by whom and why, all that was ever switched, and forms to stop and resume."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

from fastapi import FastAPI, HTTPException, Response
from fastapi.responses import HTMLResponse

from touchpoint.db import Database, Row
from touchpoint.errors import TouchpointError
from touchpoint.orchestration.web.auth import User, editable_dags, name_of, readable_dags
from touchpoint.orchestration.web.forms import OWN_SITE, Form, see
from touchpoint.orchestration.web.pages import common_zone, dag_ids, face_of, make_page
from touchpoint.outbox import stops
from touchpoint.settings import shop_ids

PAGE_SIZE = 50
NOTE_LENGTH = 300


@dataclass(frozen=True)
class Rights:
    """Shops a user may look at, and those the user may stop: all of whose DAGs the user may edit."""

    configured: tuple[str, ...]
    readable: frozenset[str]
    editable: frozenset[str]

    def may_switch(self, shop_id: str | None) -> bool:
        """A switch of one shop takes that shop's DAGs; one that reaches all shops takes those of all."""
        if shop_id is not None:
            return shop_id in self.editable
        return bool(self.configured) and self.editable >= set(self.configured)

    @property
    def may_switch_any(self) -> bool:
        """Whether there is anything this user may switch."""
        return bool(self.editable)


def add_routes(app: FastAPI, opened: Callable[[], Database], config: Path) -> None:
    """The page and its form."""

    @app.get("/stops", response_class=HTMLResponse)
    def switches(user: User, page: str = "1") -> str:
        number = int(page) if page.isascii() and page.isdigit() and len(page) < 7 else 1
        return switches_page(opened(), config, rights_of(user, config), number=max(1, number))

    @app.post("/stops", dependencies=[OWN_SITE], response_class=HTMLResponse)
    def switch(user: User, form: Form) -> Response:
        rights = rights_of(user, config)
        shop_id, campaign_id = form.get("shop") or None, form.get("campaign") or None
        if not rights.may_switch(shop_id):
            raise HTTPException(403)
        try:
            turn(opened(), config, form.get("change", ""), shop_id, campaign_id, form.get("note", ""), name_of(user))
        except TouchpointError as refused:
            return HTMLResponse(switches_page(opened(), config, rights, problem=refused), 409)
        return see("stops")


def rights_of(user: object, config: Path) -> Rights:
    """What a user may look at and switch; rehearsals are shops as well, for a stop reaches every realm."""
    known = (*shop_ids(config), *shop_ids(config, "rehearsals"))
    every = {dag_id for shop_id in known for dag_id in dag_ids(shop_id)}
    readable, editable = readable_dags(user, every), editable_dags(user, every)
    return Rights(
        configured=known,
        readable=frozenset(shop_id for shop_id in known if readable & set(dag_ids(shop_id))),
        editable=frozenset(shop_id for shop_id in known if editable >= set(dag_ids(shop_id))),
    )


def switches_page(
    database: Database, config: Path, rights: Rights, *, number: int = 1, problem: TouchpointError | None = None
) -> str:
    """The page as a user may see it: the shops one may read, and what reaches all shops.

    Args:
        database: the ledger.
        config: shop and campaign files.
        rights: of the user.
        number: page of the history.
        problem: why nothing was switched.
    """
    with database.transaction() as tx:
        standing = [row for row in tx.many("reports/stops") if row["shop_id"] in (None, *rights.readable)]
        history = tx.many(
            "reports/switches", shop_ids=sorted(rights.readable), most=PAGE_SIZE, after=(number - 1) * PAGE_SIZE
        )
    return make_page(
        "stops.html",
        title="Stops",
        zone=_common_zone(rights, config),
        standing=[(row, rights.may_switch(row["shop_id"])) for row in standing],
        history=history,
        number_of_page=number,
        pages=max(1, -(-(history[0]["turned"] if history else 0) // PAGE_SIZE)),
        scope=lambda row: scope_of(row, config),
        shops=[(shop_id, face_of(shop_id, config).name) for shop_id in rights.configured if rights.may_switch(shop_id)],
        campaigns=campaign_ids(config),
        may_switch=rights.may_switch_any,
        may_switch_all=rights.may_switch(None),
        problem=problem,
        note_length=NOTE_LENGTH,
    )


def turn(
    database: Database, config: Path, change: str, shop_id: str | None, campaign_id: str | None, note: str, who: str
) -> None:
    """Stop or resume a scope.

    Raises:
        TouchpointError: no such change, shop or campaign, no note, or it stands so already.
    """
    note = " ".join("".join(char if char.isprintable() else " " for char in note).split())[:NOTE_LENGTH]
    if change not in ("stop", "resume"):
        raise TouchpointError(f"no change {change[:20]!r}", place="stops", remedy="one of: stop, resume")
    if not note:
        raise TouchpointError("nothing says why", place="stops", remedy="write a note: it is kept with your name")
    with database.transaction() as tx:
        stops.lock(tx)
        known = {(row["shop_id"], row["campaign_id"]): row["is_stopped"] for row in stops.state(tx)}
        if campaign_id is not None and campaign_id not in {*campaign_ids(config), *(of for _, of in known)}:
            raise TouchpointError(f"no campaign {campaign_id[:40]!r}", place="stops", remedy="choose one of the list")
        if known.get((shop_id, campaign_id), False) == (change == "stop"):
            what = "stopped already" if change == "stop" else "not stopped"
            raise TouchpointError(f"it is {what}", place="stops", remedy="see below who was before you")
        switch = stops.stop if change == "stop" else stops.resume
        switch(tx, who=who, shop_id=shop_id, campaign_id=campaign_id, note=note)


def _common_zone(rights: Rights, config: Path) -> ZoneInfo:
    """The zone of the live shops the user may see where they share one, else UTC."""
    return common_zone(face_of(shop_id, config) for shop_id in shop_ids(config) if shop_id in rights.readable)


def campaign_ids(config: Path) -> list[str]:
    """Ids of the campaign files there are; one that does not load may be stopped as well."""
    return sorted(path.stem for path in (config / "campaigns").glob("*.yaml"))


def scope_of(row: Row, config: Path) -> str:
    """What a switch reaches, in words."""
    shop = face_of(row["shop_id"], config).name if row["shop_id"] else ""
    if row["campaign_id"]:
        return f"Campaign {row['campaign_id']} {f'of {shop}' if shop else 'of every shop'}"
    return shop or "Everything"
