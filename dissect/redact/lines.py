"""Lines of an SMTP dialogue, and message data, with names and addresses replaced.

The result is as long as what was given, line ends are where they were, and the readers of the
dialogue and the rules find in it what they found before.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from dissect.dialogue import redact
from dissect.redact.addresses import Addresses
from dissect.redact.text import NOTHING, Kept, Scanner
from dissect.redact.words import COMMAND, FIELDS, LOG, REPLY, is_verb

REPLIES: Final = Kept(REPLY)
COMMANDS: Final = Kept(COMMAND)
LOGGED: Final = Kept(LOG, digits=6, as_long=False)
HOSTS: Final = Kept(frozenset(), as_long=False)
ERRORS: Final = Kept(frozenset(), as_long=False, all_words=True)
NAMED: Final = Kept(frozenset(("localhost", "localdomain", "ipv6")), 0)

VERB: Final = re.compile(r"[^\s:]*")
HELLO: Final = frozenset({"helo", "ehlo", "lhlo"})
PEOPLE: Final = frozenset({"vrfy", "expn", "etrn", "atrn", "user", "pass"})
"""Verbs whose argument is a name as a whole."""

NUMBERS: Final = re.compile(r"\s+\d+(?:\s+(?:\d+|LAST))?\s*$", re.IGNORECASE)
"""The argument of BDAT and XEXCH50."""

PATH: Final = re.compile(r"(?P<mark>:\s*)(?P<path><[^>]*>?|\S+)")
"""RFC 5321 section 4.1.1.2."""

LINE: Final = re.compile(rb"\r\n|\r|\n")
"""Message data is cut at every line end that some server takes for one."""

COMMAND_LINE: Final = re.compile(
    rb"(?:MAIL FROM:|RCPT TO:|(?:EHLO|HELO|LHLO) \S|DATA$|BDAT \d|RSET$|QUIT$|NOOP\b.{0,80}$"
    rb"|STARTTLS$|AUTH [A-Z0-9_-]+|[Xx]{4,} (?:TO|FROM):)",
    re.IGNORECASE,
)
"""A line of message data that somebody may take for a command."""

FIELD: Final = re.compile(rb"([A-Za-z][A-Za-z0-9-]{0,60})(?=[ \t]*:)")
FILENAME: Final = re.compile(rb'(\bfilename="?)[^";]*([";]?)', re.IGNORECASE)
"""RFC 2183 section 2.3: what stands before and behind a file's name."""

BLANK: Final = b"\0" + b"-" * 255
"""A table for ``bytes.translate``: what bytes of message data that are not kept become."""

SECRET: Final = b"A"
"""Stands for every byte of a credential: base64 goes on to be base64."""


class Lines:
    """Replaces names and addresses in bytes."""

    def __init__(self, secret: bytes, addresses: Addresses) -> None:
        self._scanner = Scanner(secret, addresses)

    def reply(self, data: bytes) -> bytes:
        """A server's lines."""
        return self._scanned(data, REPLIES)

    def log(self, text: str) -> str:
        """A line of a mail log."""
        return self._scanner.scan(text, LOGGED)

    def command(self, line: bytes) -> bytes:
        """A client's line."""
        text = line.decode("utf-8", "surrogateescape")
        match = VERB.match(text)
        verb = match[0] if match else ""
        rest = text[len(verb) :]
        known = is_verb(verb)
        new = verb if known or not verb else self._stray(verb)
        return (new + self._argument(verb.lower(), rest)).encode("utf-8", "surrogateescape")

    def _stray(self, verb: str) -> str:
        """What stands in the place of a verb and is none."""
        if verb.lower() in FIELDS:
            return verb
        return self._scanner.scan(verb, COMMANDS)

    def _argument(self, verb: str, rest: str) -> str:
        """What follows a verb."""
        if NUMBERS.match(rest):
            return rest
        if verb in HELLO or verb in PEOPLE:
            return self._scanner.scan(rest, NAMED)
        path = PATH.search(rest) if is_verb(verb) else None
        if path is None:
            return self._scanner.scan(rest, COMMANDS)
        before, behind = rest[: path.start("path")], rest[path.end() :]
        named = self._path(path["path"])
        return self._scanner.scan(before, COMMANDS) + named + self._scanner.scan(behind, COMMANDS)

    def _path(self, path: str) -> str:
        """A reverse or forward path; without a domain it is a local part all the same."""
        return self._scanner.scan(path, NOTHING)

    def error(self, text: str) -> str:
        """What a program says of hosts."""
        return self._scanner.scan(text, ERRORS)

    def host(self, text: str) -> str:
        """A host as ssh takes it; no word of it stays."""
        return self._scanner.scan(text, HOSTS)

    def secret(self, line: bytes) -> bytes:
        """A credential, or an answer in an AUTH exchange."""
        text, ending = line.rstrip(b"\r\n"), line[len(line.rstrip(b"\r\n")) :]
        if text in (b"*", b"="):
            return line
        body = text.rstrip(b"=")
        return SECRET * len(body) + text[len(body) :] + ending

    def raw(self, line: bytes) -> bytes:
        """A client's line as it was on the wire, in which credentials may stand."""
        masked, secret = redact.command(line.rstrip(b"\r\n"))
        if not secret:
            return self.command(line)
        at = len(masked) - len(secret)
        return self.command(line[:at]) + self.secret(line[at:])

    def unread(self, data: bytes) -> bytes:
        """Bytes of a client that nobody has read: line by line as commands."""
        return self._each(data, self.raw)

    def body(self, data: bytes) -> bytes:
        """Message data: blank but for line ends, dots, fields' names, and what is a command."""
        return self._each(data, self._body_line)

    def _each(self, data: bytes, line: Callable[[bytes], bytes]) -> bytes:
        """Bytes with every line replaced."""
        found, at = [], 0
        for match in LINE.finditer(data):
            found += [line(data[at : match.start()]), match[0]]
            at = match.end()
        return b"".join([*found, line(data[at:])])

    def _body_line(self, line: bytes) -> bytes:
        """One line of message data, without its end."""
        if COMMAND_LINE.match(line):
            return self.raw(line)
        start = len(line) - len(line.lstrip(b"\0. \t"))
        field = FIELD.match(line)
        if field is not None and field[1].decode().lower() in FIELDS:
            start = line.index(b":") + 1
        stop = len(line) - line.endswith(b".") if len(line) > start else len(line)
        return line[:start] + _blank(line[start:stop]) + line[stop:]

    def _scanned(self, data: bytes, kept: Kept) -> bytes:
        text = data.decode("utf-8", "surrogateescape")
        return self._scanner.scan(text, kept).encode("utf-8", "surrogateescape")


def _blank(data: bytes) -> bytes:
    """Bytes of message data that say nothing; where a file name begins and ends stays."""
    found = bytearray(data.translate(BLANK))
    if b"filename" in data.lower():
        for match in FILENAME.finditer(data):
            found[match.start(1) : match.end(1)] = match[1]
            found[match.start(2) : match.end(2)] = match[2]
    return bytes(found)
