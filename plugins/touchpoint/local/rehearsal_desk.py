"""What was replayed can be asked: which shops there are, and a command run beside their installation's database."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

from touchpoint.local.layout import Layout, load_secrets, load_state, write_private
from touchpoint.local.prepare import prepare_touchpoint
from touchpoint.local.table import environment, native
from touchpoint.statements import ROOT

REPLAYS = Layout(var=ROOT / "var" / "replay")


@dataclass(frozen=True)
class Replayed:
    """A shop that was replayed.

    Attributes:
        config: the folder of configuration its runs read.
        realm: of its last replay.
        read: changes with its mapping and folder of exports; empty where config/ names both.
    """

    config: str
    realm: str
    read: str = ""


def replayed(layout: Layout = REPLAYS) -> dict[str, Replayed]:
    """The shops that were replayed, by id."""
    path = layout.var / "replayed.json"
    if not path.is_file():
        return {}
    return {shop_id: Replayed(**each) for shop_id, each in json.loads(path.read_text(encoding="utf-8")).items()}


def remember(layout: Layout, shop_id: str, found: Replayed) -> None:
    """Write down a shop that is being replayed."""
    known = {**replayed(layout), shop_id: found}
    text = json.dumps({key: asdict(each) for key, each in known.items()}, indent=2)
    write_private(layout.var / "replayed.json", text + "\n")


def shop_asked(arguments: Sequence[str], layout: Layout = REPLAYS) -> str | None:
    """The replayed shop a command line asks about; None where a connection is named, or it asks about another."""
    if os.environ.get("AIRFLOW_CONN_TOUCHPOINT") or arguments[:1] == ["replay"]:
        return None
    words = [word for argument in arguments for word in argument.split("=", 1)]
    named = next((after for word, after in pairwise(words) if word == "--shop"), None)
    return named if named in replayed(layout) else None


def ask(arguments: Sequence[str], shop_id: str, layout: Layout = REPLAYS) -> int:
    """Run a command of the command line about a replayed shop, its database up as long as it lasts.

    Returns:
        The command's exit code.
    """
    asked = replayed(layout)[shop_id]
    print(f"Of the replay in realm {asked.realm}:", file=sys.stderr)
    with _database_up(layout):
        variables = environment(layout, load_state(layout), load_secrets(layout))
        variables.update(TOUCHPOINT_CONFIG=asked.config, TOUCHPOINT_REALM=asked.realm)
        return subprocess.call(native(["python", "-m", "touchpoint.cli", *arguments]), env=variables)


@contextmanager
def _database_up(layout: Layout) -> Iterator[None]:
    """One command at a time starts and stops it; a replay that is under way has it up and goes on."""
    with _locked(layout.run / "asking"), (layout.run / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield
            return
        server = load_state(layout).server
        server.start()
        try:
            # The code may be newer than the replay.
            prepare_touchpoint(server.url("touchpoint"), load_secrets(layout)["environment_id"])
            yield
        finally:
            server.stop()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
