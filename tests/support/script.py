r"""A transcript language: what was said, and how the network cut it.

    S: 220 mx.example.net ESMTP
    C: EHLO mail.example.org
    S: 250-mx.example.net
    S: 250 PIPELINING
    C: MAIL FROM:<a@example.org>
    C: RC¦PT TO:<b@example.net>
    ... 30s

Lines of one side in a row are sent in one piece, as a pipelining client does; ``¦`` is a seam:
the bytes behind it begin another segment.

==================  ===============================================================
``C: text``         a line; CRLF is added
``C= text``         bytes; nothing is added
``C? text``         a line that is captured but never arrives: not acknowledged
``C- text``         a line that arrives, and is missing in the capture
``C* again``        the last group again, cut as it was; ``C* 10-40``: these stream bytes
``C@10 text``       other bytes at stream offset 10, whatever was there
``C! FIN``          a bare segment: SYN, ACK, FIN or RST
``C! RST 40``       a RST that stands at stream offset 40, wherever the stream is
``C! SACK 10-20``   an acknowledgment with a SACK block: stream offsets of the other side
``C~ 200``          from here on this side's segments have TTL 200; ``C~`` ends it
``--``              ends a group: what the same side says next is sent on its own
``... 30s``         silence; also ``ms``, ``min`` and ``h``
``.. 2ms``          what comes next comes 2 ms behind the last segment, however far the sides are
``60 times C: %``   a line that many times; ``%`` is replaced by 1, 2, 3 …
``# text``          a comment, alone in its line
==================  ===============================================================

``S`` does the same for the server.  In texts ``\r``, ``\n``, ``\t``, ``\\`` and ``\x00`` are
escapes, ``\{40}a`` is forty times ``a``, and every other character stands for its UTF-8 bytes.
Empty lines mean nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.evidence import Side
from support.wire import Conversation, Fate, Setting, Speaker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dissect.segments.segment import Segment

SEAM: Final = "¦"

_SIDES: Final = {"C": Side.CLIENT, "S": Side.SERVER}
_FATES: Final = {
    ":": (Fate.NORMAL, b"\r\n"),
    "=": (Fate.NORMAL, b""),
    "?": (Fate.LOST, b"\r\n"),
    "-": (Fate.MISSED, b"\r\n"),
}
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0}
_ESCAPES: Final = {"r": b"\r", "n": b"\n", "t": b"\t", "\\": b"\\"}

_SAID: Final = re.compile(r"([CS])([:=?-])(?: (.*))?")
_WAIT: Final = re.compile(r"\.\.\. ?(\d+(?:\.\d+)?)(ms|s|min|h)")
_SOON: Final = re.compile(r"\.\. ?(\d+(?:\.\d+)?)(ms|s|min|h)")
_TIMES: Final = re.compile(r"(\d+) times (.*)")
_BARE: Final = re.compile(r"([CS])! (SYN|ACK|FIN|RST)")
_RESET_AT: Final = re.compile(r"([CS])! RST (\d+)")
_SACK: Final = re.compile(r"([CS])! SACK (\d+)-(\d+)")
_TTL: Final = re.compile(r"([CS])~ ?(\d*)")
_AGAIN: Final = re.compile(r"([CS])\* (?:again|(\d+)-(\d+))")
_FORGED: Final = re.compile(r"([CS])@(\d+) (.*)")
_SILENT: Final = re.compile(r"\s*(?:#.*)?")
_BREAK: Final = re.compile(r"--")
_TOKEN: Final = re.compile(
    r"\\x([0-9a-fA-F]{2})|\\([rnt\\])|(¦)|\\\{(\d+)\}([^\\])|([^\\])", re.DOTALL
)


class ScriptError(ValueError):
    """The test's author wrote a line that means nothing."""


class Text(NamedTuple):
    """Bytes, and the offsets in them at which a segment begins."""

    data: bytes
    cuts: tuple[int, ...]


def text(written: str) -> Text:
    """Read escapes and seams.

    Raises:
        ScriptError: for a backslash that begins no escape.
    """
    data, cuts, read = bytearray(), [], 0
    for match in _TOKEN.finditer(written):
        code, short, seam, times, often, plain = match.groups()
        if seam:
            cuts.append(len(data))
        plain = often * int(times) if times else plain or ""
        data += bytes.fromhex(code) if code else _ESCAPES.get(short, plain.encode())
        read += len(match[0])
    if read != len(written):
        raise ScriptError(f"a backslash that escapes nothing: {written}")
    return Text(bytes(data), tuple(cuts))


class _Player:
    """Reads lines, and speaks when a group is complete."""

    def __init__(self, setting: Setting) -> None:
        self.wire = Conversation(setting)
        self._group: tuple[Side, Fate] | None = None
        self._data = bytearray()
        self._cuts: list[int] = []

    def read(self, line: str) -> None:
        """Do what a line says.

        Raises:
            ScriptError: if it says nothing.
        """
        for pattern, act in _ACTS:
            if match := pattern.fullmatch(line):
                act(self, match)
                return
        raise ScriptError(f"not a line of a transcript: {line}")

    def flush(self) -> None:
        """Send the group that has been read."""
        if self._group is not None:
            side, fate = self._group
            self.wire.speaker(side).send(bytes(self._data), self._cuts, fate)
        self._group, self._data, self._cuts = None, bytearray(), []

    def said(self, match: re.Match[str]) -> None:
        """Add a line to the group of its side, or begin another one."""
        fate, end = _FATES[match[2]]
        group = _SIDES[match[1]], fate
        if group != self._group:
            self.flush()
        self._group = group
        said = text(match[3] or "")
        self._cuts += [len(self._data) + cut for cut in said.cuts]
        self._data += said.data + end

    def speaker(self, match: re.Match[str]) -> Speaker:
        """The side that a line is about, all that was said before it sent."""
        self.flush()
        return self.wire.speaker(_SIDES[match[1]])

    def waited(self, match: re.Match[str]) -> None:
        """Let time pass."""
        self.flush()
        self.wire.wait(float(match[1]) * _SECONDS[match[2]])

    def soon(self, match: re.Match[str]) -> None:
        """Let the next segment of the other side come sooner than the path allows."""
        self.flush()
        self.wire.wait(float(match[1]) * _SECONDS[match[2]] - self.wire.setting.rtt)

    def often(self, match: re.Match[str]) -> None:
        """Do the same several times."""
        for number in range(1, int(match[1]) + 1):
            self.read(match[2].replace("%", str(number)))

    def bare(self, match: re.Match[str]) -> None:
        """Send a segment without payload."""
        speaker = self.speaker(match)
        _CONTROLS[match[2]](speaker)

    def reset_at(self, match: re.Match[str]) -> None:
        """Send a RST that is not where the stream is."""
        self.speaker(match).rst(int(match[2]))

    def sack(self, match: re.Match[str]) -> None:
        """Acknowledge selectively."""
        self.speaker(match).sack(int(match[2]), int(match[3]))

    def ttl(self, match: re.Match[str]) -> None:
        """Let a side's segments have another TTL, or their own again."""
        self.speaker(match).ttl = int(match[2] or 0)

    def again(self, match: re.Match[str]) -> None:
        """Retransmit."""
        span = (int(match[2]), int(match[3])) if match[2] else ()
        self.speaker(match).resend(*span)

    def forged(self, match: re.Match[str]) -> None:
        """Send other bytes under sequence numbers of the author's choice."""
        self.speaker(match).forge(int(match[2]), text(match[3]).data)


_CONTROLS: Final[dict[str, Callable[[Speaker], None]]] = {
    "SYN": Speaker.syn,
    "ACK": Speaker.ack,
    "FIN": Speaker.fin,
    "RST": Speaker.rst,
}
_ACTS: Final[tuple[tuple[re.Pattern[str], Callable[[_Player, re.Match[str]], None]], ...]] = (
    (_SILENT, lambda _player, _match: None),
    (_SAID, _Player.said),
    (_WAIT, _Player.waited),
    (_SOON, _Player.soon),
    (_TIMES, _Player.often),
    (_BARE, _Player.bare),
    (_RESET_AT, _Player.reset_at),
    (_SACK, _Player.sack),
    (_TTL, _Player.ttl),
    (_AGAIN, _Player.again),
    (_FORGED, _Player.forged),
    (_BREAK, lambda player, _match: player.flush()),
)


def play(transcript: str, setting: Setting | None = None) -> list[Segment]:
    """The segments of a transcript, its handshake first; nothing is closed unless it says so.

    Args:
        transcript: lines as the module's docstring describes them; indentation is ignored.
        setting: the hosts, and how they are captured.

    Raises:
        ScriptError: for a line that means nothing, with its number.
    """
    player = _Player(setting or Setting())
    player.wire.open()
    for number, line in _lines(transcript):
        try:
            player.read(line)
        except ScriptError as error:
            raise ScriptError(f"line {number}: {error}") from None
    player.flush()
    return player.wire.segments


def _lines(transcript: str) -> Iterator[tuple[int, str]]:
    """Numbered lines without their indentation; blanks at the end of a line are text."""
    return enumerate((line.lstrip() for line in transcript.split("\n")), start=1)
