"""Channels: one provider a file behind one protocol. A channel refuses what it cannot honour."""

from __future__ import annotations

from touchpoint.channels.base import Channel, open_channel

__all__ = ["Channel", "open_channel"]
