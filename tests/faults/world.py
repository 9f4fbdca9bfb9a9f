"""A shop with synthetic buyers and messages, put straight into the tables: for tests, faults and bench."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from touchpoint.clock import Clock, StoppedClock
from touchpoint.db import Database, Transaction
from touchpoint.model import Channel
from touchpoint.outbox.dispatch import dispatch
from touchpoint.outbox.environment import register_environment
from touchpoint.outbox.tally import Tally
from touchpoint.render.messages import Renderer
from touchpoint.settings import Policy, Shop, load_policy

AT = datetime(2026, 11, 20, 2, 30, tzinfo=UTC)
"""10:30 in the shop, a Friday."""
REALM = "live"
RENDERER = Renderer()


def shop(**changes: Any) -> Shop:
    """A shop with both channels."""
    codes = {f"unpaid_reminder/zh-CN/remind.{name}": f"SMS_9000001{n:02}" for n, name in enumerate(("new", "loyal"), 1)}
    given = {
        "id": "stall",
        "name": "青禾小铺",
        "platform": "taobao",
        "zone": "Asia/Shanghai",
        "locale": "zh-CN",
        "currency": "CNY",
        "signature": "青禾小铺",
        "agent_contact": "旺旺",
        "cut_off": "16:00",
        "sending": "on",
        "sources": {},
        "sms": {"provider": "aliyun_sms", "connection": "sandbox_sms", "signature": "青禾小铺", "templates": codes},
        "email": {
            "provider": "smtp",
            "connection": "sandbox_smtp",
            "sender": "service@stall.example",
            "sender_name": "青禾小铺",
        },
    }
    return Shop.model_validate({**given, **changes})


def phone(number: int) -> str:
    return f"+86190{number:08d}"


def email(number: int) -> str:
    return f"buyer{number}@sandbox.invalid"


def hashed(address: str) -> str:
    """What stands for an address here: the outbox does not ask how it was made."""
    return hashlib.sha256(address.encode()).hexdigest()


@dataclass
class World:
    """One database with one shop in it, ready to send."""

    db: Database
    shop: Shop = field(default_factory=shop)
    policy: Policy = field(default_factory=load_policy)
    environment_id: str = field(default_factory=lambda: str(uuid4()))
    run_no: int = 0
    number: int = 0

    def __post_init__(self) -> None:
        with self.db.transaction() as tx:
            register_environment(tx, self.environment_id)
            self.run_no = self.run(tx)
            self._sql(
                tx,
                "INSERT INTO record.heads VALUES (%(shop)s, %(at)s, %(at)s) ON CONFLICT (shop_id) DO NOTHING",
                shop=self.shop.id,
                at=AT,
            )

    def run(self, tx: Transaction, gate: str | None = "passed") -> int:
        """A run of the shop, with its gate row."""
        run_no = self._sql(
            tx,
            "INSERT INTO ledger.run (realm, shop_id, dag_id, run_id, cadence, run_type, as_of, mode, is_at_head)"
            " VALUES (%(realm)s, %(shop)s, 'intraday', %(run_id)s, 'intraday', 'manual', %(at)s, 'send', true)"
            " RETURNING run_no",
            realm=REALM,
            shop=self.shop.id,
            run_id=uuid4().hex,
            at=AT,
        )[0]["run_no"]
        if gate:
            self._sql(tx, "INSERT INTO ledger.gate (run_no, state) VALUES (%(no)s, %(state)s)", no=run_no, state=gate)
        return int(run_no)

    def add(self, count: int = 1, channel: str = "sms", purpose: str = "transactional", **changes: Any) -> list[int]:
        """Buyers with one open order each and a waiting message about it.

        Returns:
            Message ids, in order of buyer number.
        """
        first, self.number = self.number + 1, self.number + count
        columns = {
            "campaign_id": "unpaid_reminder",
            "step": "remind",
            "template": "remind",
            "variant": "new",
            "locale": "zh-CN",
            "valid_while": ["order_unpaid"],
            "max_staleness": timedelta(minutes=30),
            "needs_approval": False,
            "not_before": AT - timedelta(minutes=5),
            "not_after": AT + timedelta(hours=8),
            "planned_on": AT.astimezone(self.shop.tz).date(),
            "enqueued_run_no": self.run_no,
            **changes,
        }
        with self.db.transaction() as tx:
            rows = self._sql(
                tx,
                SEED,
                realm=REALM,
                shop=self.shop.id,
                first=first,
                last=self.number,
                channel=channel,
                purpose=purpose,
                at=AT,
                **columns,
            )
        return [row["message_id"] for row in rows]

    def withhold(self, *message_ids: int) -> None:
        """Let their readers have been held out of these waiting messages."""
        columns = [
            row["column_name"]
            for row in self.sql(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = 'ledger'"
                " AND table_name = 'outbox' AND column_name <> 'is_held_out'"
            )
        ]
        named = ", ".join(columns)
        self.sql(
            f"WITH moved AS (DELETE FROM ledger.message WHERE message_id = ANY(%(ids)s) RETURNING *),"
            f" touches AS (UPDATE ledger.touch SET decision = 'held_out' FROM moved"
            f" WHERE moved.touch_id = touch.touch_id)"
            f" INSERT INTO ledger.withheld_message ({named}) SELECT {named} FROM moved",
            ids=list(message_ids),
        )

    def dispatch(self, channels: dict[Channel, Any], at: datetime = AT, **changes: Any) -> Tally:
        """Dispatch everything, at an instant."""
        given: dict[str, Any] = {
            "realm": REALM,
            "shop": self.shop,
            "channels": channels,
            "renderer": RENDERER,
            "clock": self.clock(at),
            "shard": 0,
            "shards": 1,
            "policy": self.policy,
            "environment_id": self.environment_id,
        }
        return dispatch(self.db, **{**given, **changes})

    @staticmethod
    def clock(at: datetime = AT) -> Clock:
        return StoppedClock(at)

    def sql(self, text: str, **values: Any) -> list[dict[str, Any]]:
        """Rows of a statement, in a transaction of its own."""
        with self.db.transaction() as tx:
            return self._sql(tx, text, **values)

    def states(self, ids: Iterable[int] | None = None) -> dict[str, int]:
        """State, with its reason if there is one -> messages."""
        rows = self.sql(
            "SELECT state || coalesce(': ' || reason, '') AS state, count(*) AS messages FROM ledger.message"
            " WHERE %(ids)s::bigint[] IS NULL OR message_id = ANY(%(ids)s::bigint[]) GROUP BY 1 ORDER BY 1",
            ids=list(ids) if ids is not None else None,
        )
        return {row["state"]: row["messages"] for row in rows}

    def lapse(self) -> None:
        """Let every lease run out, as five minutes without a dispatcher would."""
        self.sql("UPDATE ledger.message SET lease_until = clock_timestamp() WHERE lease_until IS NOT NULL")

    @staticmethod
    def _sql(tx: Transaction, text: str, **values: Any) -> list[dict[str, Any]]:
        result = tx.connection.exec_driver_sql(text, values or None)
        return [dict(row) for row in result.mappings()] if result.returns_rows else []


SEED = """
WITH buyers AS (
    SELECT
        number,
        'buyer-' || number AS customer_id,
        'order-' || number AS order_id,
        lpad(to_hex(number), 32, '0')::uuid AS identity,
        CASE %(channel)s WHEN 'sms' THEN '+86190' || lpad(number::text, 8, '0')
            ELSE 'buyer' || number || '@sandbox.invalid' END AS address,
        CASE %(channel)s WHEN 'sms' THEN 'phone' ELSE 'email' END AS kind
    FROM generate_series(%(first)s::int, %(last)s::int) AS numbers (number)
),
customers AS (
    INSERT INTO facts.customers (shop_id, customer_id, identity, identity_from, known_at)
    SELECT %(shop)s, customer_id, identity, 'buyer', %(at)s FROM buyers
    RETURNING customer_no, customer_id
),
orders AS (
    INSERT INTO facts.orders (shop_id, order_id, customer_no, created_at, closes_at, total_minor, currency,
        modified_at, known_at, batch_id)
    SELECT %(shop)s, order_id, customer_no, %(at)s::timestamptz - interval '1 hour',
        %(at)s::timestamptz + interval '23 hours', 9900 + number, 'CNY', %(at)s, %(at)s, 1
    FROM buyers JOIN customers USING (customer_id)
),
lines AS (
    INSERT INTO facts.order_lines (shop_id, order_id, line_id, product_id, title, quantity, net_minor, currency,
        modified_at, known_at, batch_id)
    SELECT %(shop)s, order_id, '1', 'product-' || number, '纯棉四件套', 1, 9900 + number, 'CNY', %(at)s, %(at)s, 1
    FROM buyers
),
points AS (
    INSERT INTO contact.contact_points (shop_id, customer_id, kind, address_hash, address, known_at)
    SELECT %(shop)s, customer_id, kind, encode(sha256(address::bytea), 'hex'), address, %(at)s FROM buyers
),
people AS (
    INSERT INTO contact.people (shop_id, customer_id, display_name, locale, modified_at, known_at)
    SELECT %(shop)s, customer_id, '晓雯' || number, 'zh-CN', %(at)s, %(at)s FROM buyers
),
touches AS (
    INSERT INTO ledger.touch (realm, shop_id, campaign_id, step, occasion, identity, customer_id, address_hash,
        decision, decided_as_of, decided_dag_id, decided_run_no)
    SELECT %(realm)s, %(shop)s, %(campaign_id)s, %(step)s, order_id, identity, customer_id,
        encode(sha256(address::bytea), 'hex'), 'enqueued', %(at)s, 'intraday', %(enqueued_run_no)s
    FROM buyers ORDER BY number
    RETURNING touch_id, occasion, identity, customer_id, address_hash
),
covers AS (
    INSERT INTO ledger.touch_cover (realm, shop_id, campaign_id, step, covered_id, touch_id, covered_as_of)
    SELECT %(realm)s, %(shop)s, %(campaign_id)s, %(step)s, occasion, touch_id,
        %(at)s::timestamptz - interval '5 minutes'
    FROM touches
)
INSERT INTO ledger.message (realm, shop_id, touch_id, campaign_id, step, purpose, channel, identity, customer_id,
    address_kind, address_hash, template, variant, locale, valid_while, max_staleness, needs_approval, not_before,
    not_after, planned_on, enqueued_run_no, enqueued_as_of, state_at)
SELECT %(realm)s, %(shop)s, touch_id, %(campaign_id)s, %(step)s, %(purpose)s, %(channel)s, buyers.identity,
    buyers.customer_id, kind, address_hash, %(template)s, %(variant)s, %(locale)s, %(valid_while)s, %(max_staleness)s,
    %(needs_approval)s, %(not_before)s, %(not_after)s, %(planned_on)s, %(enqueued_run_no)s, %(at)s, %(at)s
FROM touches JOIN buyers USING (identity) ORDER BY number
RETURNING message_id
"""
