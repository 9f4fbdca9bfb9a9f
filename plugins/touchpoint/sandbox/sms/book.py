"""What the SMS gateway keeps: every accepted text, by number and day, and the nonces of the last half hour."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

from touchpoint.clock import real_now
from touchpoint.sandbox.journal import Entry, Journal
from touchpoint.sandbox.sms.messages import Text
from touchpoint.sandbox.state import ZONE, write_whole

NONCE_KEPT = timedelta(minutes=31)
Ticket = tuple[str, str, str]  # biz_id, out_id, nonce


class Book:
    """The gateway's durable log, with the templates registered beside it. All times are real times."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal(folder / "sms_log.jsonl")
        self._templates_path = folder / "sms_templates.json"
        self.templates: dict[str, str] = {}
        if self._templates_path.exists():
            self.templates = json.loads(self._templates_path.read_text(encoding="utf-8"))
        self._by_number: dict[tuple[str, str], list[Entry]] = defaultdict(list)
        self._nonces: dict[str, datetime] = {}
        for entry in self.journal.entries:
            self._index(entry)
            self._nonces[entry["nonce"]] = datetime.fromisoformat(entry["accepted_at"])

    def register(self, templates: dict[str, str]) -> None:
        """Take up templates: code -> text with ${name}."""
        self.templates = {**self.templates, **templates}
        write_whole(self._templates_path, json.dumps(self.templates, ensure_ascii=False))

    def accept(self, texts: list[Text], ticket: Ticket) -> list[Entry]:
        """Write the texts down, all or none; when this returns they are on disk."""
        now = real_now().isoformat()
        biz_id, out_id, nonce = ticket
        entries = self.journal.append(
            {
                "out_id": out_id,
                "biz_id": biz_id,
                "phone": text.phone,
                "template_code": text.template_code,
                "params": text.params,
                "content": text.content,
                "sign_name": text.sign_name,
                "accepted_at": now,
                "nonce": nonce,
            }
            for text in texts
        )
        for entry in entries:
            self._index(entry)
        return entries

    def of_day(self, phone: str, day: str) -> list[Entry]:
        """Texts to a number on a day (yyyyMMdd, Asia/Shanghai), latest first."""
        return self._by_number.get((phone, day), [])[::-1]

    def is_replay(self, nonce: str) -> bool:
        """Whether this nonce came within the last 31 minutes; from now on it has."""
        now = real_now()
        self._nonces = {each: at for each, at in self._nonces.items() if now - at < NONCE_KEPT}
        is_known = nonce in self._nonces
        self._nonces.setdefault(nonce, now)
        return is_known

    def _index(self, entry: Entry) -> None:
        self._by_number[(entry["phone"], day_of(datetime.fromisoformat(entry["accepted_at"])))].append(entry)


def day_of(instant: datetime) -> str:
    """The day of an instant in Asia/Shanghai as yyyyMMdd."""
    return instant.astimezone(ZONE).strftime("%Y%m%d")
