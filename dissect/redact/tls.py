"""The heads of TLS records (RFC 8446 section 5.1): what stays of TLS.

A ClientHello names the server in the clear, and a certificate its owner; so nothing else stays.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

HEAD: Final = 5
"""Bytes: type, version, length."""

TYPES: Final = range(20, 25)
VERSION: Final = 3


class Records:
    """Finds them in one side's bytes, which come in pieces."""

    __slots__ = ("_head", "_left", "_lost")

    def __init__(self) -> None:
        self._head = b""
        self._left = 0
        self._lost = False

    def heads(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """Heads, or parts of them, in the next bytes, and where they are."""
        at = min(self._left, len(data))
        self._left -= at
        while at < len(data) and not self._lost:
            part = data[at : at + HEAD - len(self._head)]
            head = self._head + part
            if head[0] not in TYPES or (len(head) > 1 and head[1] != VERSION):
                self._lost = True
                return
            yield at, part
            at += len(part)
            self._head = head if len(head) < HEAD else b""
            if not self._head:
                size = int.from_bytes(head[3:])
                passed = min(size, len(data) - at)
                self._left = size - passed
                at += passed
