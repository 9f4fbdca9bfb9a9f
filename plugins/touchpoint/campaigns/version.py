"""What an approval covers besides whom: the campaign file and the words as they are now."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from touchpoint.campaigns.load import TEMPLATE_ROOT
from touchpoint.campaigns.spec import Campaign


def approval_versions(campaigns: Iterable[Campaign], templates: Path = TEMPLATE_ROOT) -> dict[str, str]:
    """Campaign id -> SHA-256, hex, of campaign file and templates, for the campaigns that ask for approval.

    The frame all messages share (messages/_base) counts: what was approved is what buyers see.
    """
    return {
        campaign.id: _version(campaign, templates / "messages") for campaign in campaigns if campaign.approval != "none"
    }


def approval_code(hashes: Iterable[str]) -> str:
    """What names a question to people: 12 hex digits of the hash it asks about, or of those of all its occasions."""
    found = sorted(hashes)
    return (found[0] if len(found) == 1 else hashlib.sha256(" ".join(found).encode()).hexdigest())[:12]


def _version(campaign: Campaign, root: Path) -> str:
    digest = hashlib.sha256(campaign.file_hash.encode())
    for folder in (root / "_base", root / campaign.id):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            digest.update(f"\0{path.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
