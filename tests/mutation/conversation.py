"""A real conversation and what was said in it, read without the code under test.

Its captures are clean and whole: every reply answers the next command, nothing is missing.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from support.mangle import lane

from dissect.segments import ACK, SYN, Segment, decode
from dissect.source import find_tshark, open_capture, read
from mutation.wire import Direction, direction, numbered, spans, stream

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).resolve().parent.parent.parent
OURS: Final = ROOT / "captures"
PUBLIC: Final = ROOT.parent / "shared" / "captures"

DOT: Final = b"\r\n.\r\n"


class Source(NamedTuple):
    """One conversation of one capture."""

    folder: Path
    name: str
    place: int
    """Of the connection among those of the capture, from 0."""
    about: str
    """Who speaks in it, and what makes it worth having."""

    @property
    def path(self) -> Path:
        """The capture."""
        return self.folder / self.name


SOURCES: Final = (
    Source(OURS, "clean-twin-behind.pcap", 1, "Exim 4.96; sixty recipients, a cut inside a RCPT"),
    Source(OURS, "clean-twin-behind.pcap", 3, "Exim 4.96; a pipelined group"),
    Source(PUBLIC, "arkime__smtp-decrypted.pcap", 0, "Exchange; STARTTLS; DATA pipelined"),
    Source(PUBLIC, "arkime__smtp-decrypted.pcap", 1, "Exchange on both sides; BDAT"),
    Source(PUBLIC, "arkime__smtp-subject-encoded-empty.pcap", 0, "Sendmail 8.14.1"),
    Source(PUBLIC, "arkime__smtp-subject-8859-multi.pcap", 0, "AOL; RCPT and DATA pipelined"),
    Source(PUBLIC, "suricata-verify__bug-1045__smtpsuricataflowbitsFN.pcap", 0, "Yahoo"),
    Source(PUBLIC, "suricata-verify__smtp-file-data-01.pcap", 0, "IIS 6, 17 keywords"),
    Source(PUBLIC, "suricata-verify__smtp-rset.pcap", 0, "Postfix; BDAT and RSET, pipelined"),
    Source(PUBLIC, "suricata-verify__smtp-rfc2231.pcap", 0, "Postfix; 70 kB of message"),
    Source(
        PUBLIC,
        "suricata-verify__smtp-data-rejected__10.7.29.101_49898-178.63.41.150_25.pcap",
        0,
        "Sendmail 8.14.9, refusing a group and a message",
    ),
    Source(
        PUBLIC,
        "suricata-verify__firewall__ruletype-firewall-127-smtp-interactive-commands"
        "__smtp-interactive.pcap",
        0,
        "Postfix; verbs in lower case; VRFY, EXPN, HELP, NOOP",
    ),
    Source(PUBLIC, "suricata-verify__smtp-attachment-md5.pcap", 0, "E-MailRelay; HELO"),
    Source(PUBLIC, "suricata-verify__smtp-errors__smtperr.pcap", 2, "CommuniGate, refusing"),
    Source(PUBLIC, "zeek__smtp.pcap", 0, "Exim 4.69; AUTH LOGIN; retransmissions"),
    Source(PUBLIC, "zeek__smtp.pcap", 1, "SubEthaSMTP; three recipients"),
    Source(PUBLIC, "zeek__smtp__smtp-bdat-pipeline-8bitmime.pcap", 0, "Exim 4.94; BDAT joined"),
)
"""Different clients and servers, each conversation whole and unencrypted."""


class Reply(NamedTuple):
    """One reply, by its place in the server's stream."""

    start: int
    stop: int
    lines: tuple[bytes, ...]

    @property
    def code(self) -> int:
        """The reply code."""
        return int(self.lines[0][:3])


class Said(NamedTuple):
    """What the client said, by its place in its stream: a line, or message data."""

    kind: str
    """``command``, ``answer`` (to an AUTH challenge), ``data`` up to CRLF.CRLF, or ``chunk``."""
    start: int
    stop: int
    text: bytes
    """A line without its CRLF; of message data nothing."""
    reply: Reply | None
    """None for a chunk, which its BDAT has the reply of."""

    @property
    def verb(self) -> str:
        """In capitals; empty for what is no command."""
        found = re.match(rb"[^\s:]+", self.text) if self.kind == "command" else None
        return found.group().decode().upper() if found else ""

    @property
    def argument(self) -> bytes:
        """What follows the verb."""
        return self.text[len(self.verb) :]


@dataclass(frozen=True)
class Conversation:
    """The segments of one connection and what they say."""

    segments: list[Segment]
    client: Direction
    server: Direction
    said: tuple[Said, ...]
    replies: tuple[Reply, ...]
    """The greeting first."""

    @property
    def commands(self) -> list[Said]:
        """Command lines only."""
        return [said for said in self.said if said.kind == "command"]


@cache
def load(source: Source) -> Conversation:
    """Read a conversation through tshark, once for all tests."""
    captured = _segments(source.path)
    opening = [lane(s) for s in captured if s.flags & (SYN | ACK) == SYN][source.place]
    segments = numbered(s for s in captured if lane(s) in (opening, opening.back))
    client, server = direction(segments, opening), direction(segments, opening.back)
    spans(segments, client), spans(segments, server)  # in order, or it says so
    replies = tuple(_replies(stream(segments, server)))
    said = tuple(_said(stream(segments, client), replies))
    return Conversation(segments, client, server, said, replies)


@cache
def _segments(path: Path) -> list[Segment]:
    """All segments of a capture."""
    found: list[Segment] = []
    capture = open_capture(str(path))
    asyncio.run(read(find_tshark(), capture, lambda rows: found.extend(decode(rows))))
    return found


def _replies(data: bytes) -> Iterator[Reply]:
    """The replies in a server's stream (RFC 5321 section 4.2.1)."""
    for match in re.finditer(rb"(?:\d{3}-[^\n]*\n)*\d{3}(?: [^\n]*)?\r\n", data):
        yield Reply(match.start(), match.end(), tuple(match.group()[:-2].split(b"\r\n")))


def _said(data: bytes, replies: tuple[Reply, ...]) -> Iterator[Said]:
    """What a client said, each command answered by the next reply."""
    at, answers, kind = 0, iter(replies[1:]), "command"
    while at < len(data):
        stop = data.index(b"\n", at) + 1
        said = Said(kind, at, stop, data[at : stop - 2], next(answers))
        yield said
        at, code = stop, said.reply.code if said.reply else 0
        kind = "answer" if code == 334 else "command"
        if said.verb == "DATA" and code == 354:
            end = data.index(DOT, at - 2) + len(DOT)
            yield Said("data", at, end, b"", next(answers))
            at = end
        elif said.verb == "BDAT":
            end = at + int(said.text.split()[1])
            yield Said("chunk", at, end, b"", None)
            at = end
