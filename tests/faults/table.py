"""`make faults`: kills the dispatcher again and again, over SMS and SMTP, and prints what became of every message."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from tests.faults.kills import LATENCY_MS, Findings, kill_dispatchers
from tests.faults.server import own_database, own_server
from tests.faults.world import World
from tests.sandbox_process import ANCHOR, running_sandbox

from touchpoint.model import Channel

MESSAGES_A_KILL = {Channel.SMS: 300, Channel.EMAIL: 26}
"""Enough for a group unknown and what goes out meanwhile, so that every dispatcher has something to do."""
LEAST_BETWEEN = 0.3


def rows(found: Findings) -> list[tuple[str, str]]:
    """The table's lines for one channel."""
    once_unknown = sum(found.unknown_by_kill)
    return [
        ("messages", f"{found.messages}"),
        ("dispatchers killed", f"{found.kills}"),
        ("killed between attempt and settling", f"{found.between}"),
        ("received twice by the provider", f"{found.received_twice}"),
        ("received once", f"{found.received}"),
        ("accepted in the ledger, never received", f"{found.missing}"),
        ("in no state that explains them", f"{found.lost}"),
        ("in hand without an attempt when killed, went later", f"{found.given_back}"),
        ("made unknown by the kills", f"{once_unknown} (at most {max(found.unknown_by_kill)} a kill)"),
        ("not there an hour later, sent once more", f"{found.resent}"),
        ("unknown at the end", f"{found.unknown_at_end}"),
        ("of these, received", f"{found.unknown_but_received}"),
        ("seconds", f"{found.seconds:.0f}"),
    ]


def main() -> int:
    """Run both channels; exit code 1 if anything is not as it must be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=20261122)
    given = parser.parse_args()
    found = []
    with own_server() as server:
        for kind, messages in MESSAGES_A_KILL.items():
            with (
                own_database(server) as database,
                tempfile.TemporaryDirectory() as folder,
                running_sandbox(Path(folder), seed=7, anchor=ANCHOR) as sandbox,
            ):
                found.append(
                    kill_dispatchers(
                        World(database),
                        sandbox,
                        kind,
                        kills=given.kills,
                        messages=given.kills * messages + 200,
                        seed=given.seed,
                    )
                )
    lines = ["", f"The provider answers after {LATENCY_MS} ms; each dispatcher is killed at a random moment.", ""]
    lines.append(f"{'':52}{'SMS, 100 a call':>26}{'SMTP, 5 a group':>26}")
    for (name, sms), (_, email) in zip(*(rows(each) for each in found), strict=True):
        lines.append(f"{name:52}{sms:>26}{email:>26}")
    faults = [f"{each.kind}: {text}" for each in found for text in each.faults(int(given.kills * LEAST_BETWEEN))]
    lines += ["", *((faults and [f"FAULT  {text}" for text in faults]) or ["Nothing went twice, nothing was lost."])]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if faults else 0


if __name__ == "__main__":
    raise SystemExit(main())
