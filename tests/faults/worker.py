"""One dispatcher as a process: `python -m tests.faults.worker '{"url": ..., "environment_id": ..., "kind": "sms"}'`.

It says `ready` when everything is imported and open, waits for a line, dispatches what there is, and says what it did.
"""

from __future__ import annotations

import json
import sys

from tests.faults.world import AT, REALM, RENDERER, shop

from touchpoint import channels
from touchpoint.clock import StoppedClock
from touchpoint.db import Database
from touchpoint.model import Channel
from touchpoint.outbox.dispatch import dispatch
from touchpoint.settings import environment_connection, load_policy


def main() -> None:
    told = json.loads(sys.argv[1])
    kind = Channel(told["kind"])
    db = Database(told["url"])
    with db.transaction():
        channel = channels.open_channel(kind, shop(), environment_connection, REALM)
    policy = load_policy()
    say("ready")
    sys.stdin.readline()
    tally = dispatch(
        db,
        realm=REALM,
        shop=shop(),
        channels={kind: channel},
        renderer=RENDERER,
        clock=StoppedClock(AT),
        shard=told.get("shard", 0),
        shards=told.get("shards", 1),
        policy=policy,
        environment_id=told["environment_id"],
    )
    channel.close()
    db.close()
    say(json.dumps(tally.as_dict()))


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
