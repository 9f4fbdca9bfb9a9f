"""`touchpoint worklist …`: what people are to do, and what came of it."""

from __future__ import annotations

import getpass
import sys
from typing import Annotated

import typer

from touchpoint.cli.common import DEFAULT_SHOP, AsJson, ShopOption, known_shop, say, services, show
from touchpoint.errors import TouchpointError

worklist_app = typer.Typer(help="Tasks for people.", no_args_is_help=True)
KindOption = Annotated[str | None, typer.Option("--kind", help="This kind alone, as in not_dispatched.")]
StateOption = Annotated[str, typer.Option("--state", help="open, done, withdrawn or all.")]
SHOWN = (
    "task_id", "kind", "subject_id", "customer_id", "reason", "due_at", "state", "outcome", "who", "note",
)  # fmt: skip


@worklist_app.command("list")
def worklist_list(
    shop: ShopOption = DEFAULT_SHOP,
    kind: KindOption = None,
    state: StateOption = "open",
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many.")] = 50,
    as_json: AsJson = False,
) -> None:
    """Tasks of a shop, the oldest open one first."""
    from touchpoint.worklists import desk

    loaded, of_state = known_shop(shop), _asked(kind, state)
    with services() as opened, opened.db.transaction() as tx:
        rows = desk.tasks(tx, realm=loaded.realm, shop_id=shop, kind=kind, state=of_state, most=most)
    show([{name: row[name] for name in SHOWN} for row in rows], as_json, "Nothing to do.")


@worklist_app.command("done")
def worklist_done(
    task_id: int,
    outcome: Annotated[str, typer.Option("--outcome", help="handled, not_needed, not_reached or passed_on.")],
    shop: ShopOption = DEFAULT_SHOP,
    note: Annotated[str, typer.Option("--note", help="What was done; no addresses. Kept with your name.")] = "",
    as_json: AsJson = False,
) -> None:
    """Record what came of a task."""
    from touchpoint.worklists import desk

    loaded = known_shop(shop)
    with services() as opened:
        at = opened.business_clock(loaded.realm).now()
        with opened.db.transaction() as tx:
            desk.close(tx, task_id=task_id, shop_id=shop, outcome=outcome, note=note, who=getpass.getuser(), at=at)
    say({"task_id": task_id, "outcome": outcome}, as_json, f"Task {task_id} is done: {outcome}.")


@worklist_app.command("csv")
def worklist_csv(shop: ShopOption = DEFAULT_SHOP, kind: KindOption = None, state: StateOption = "open") -> None:
    """Tasks as CSV on standard output: ids alone, no names and no addresses."""
    from touchpoint.worklists import desk

    loaded, of_state = known_shop(shop), _asked(kind, state)
    with services() as opened, opened.db.transaction() as tx:
        rows = desk.tasks(tx, realm=loaded.realm, shop_id=shop, kind=kind, state=of_state)
    sys.stdout.buffer.write(desk.as_csv(rows, loaded.tz).encode())
    sys.stdout.buffer.flush()


def _asked(kind: str | None, state: str) -> str | None:
    """The state to look for, None for all.

    Raises:
        TouchpointError: no such kind or state.
    """
    from touchpoint.worklists.desk import STATES
    from touchpoint.worklists.kinds import written_kinds

    if kind is not None and kind not in written_kinds():
        raise TouchpointError(f"no kind {kind!r}", place="--kind", remedy=f"one of: {', '.join(written_kinds())}")
    if state not in (*STATES, "all"):
        raise TouchpointError(f"no state {state!r}", place="--state", remedy=f"one of: {', '.join(STATES)}, all")
    return None if state == "all" else state
