"""Where Wireshark's reading of a frame differs from ours: the kinds, each with its reason.

A kind is told by the bytes and the state of the flow, never by a list of frames.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

from dissect.analysis.model import FlowDetail, Row, RowKind
from dissect.evidence import Side
from dissect.source import find_tshark
from oracles.shared import reading
from oracles.wireshark import Frame, frames

FAILURE: Final = 400
SHORT: Final = 4
"""Letters of a verb that Wireshark 4.0 gives, ``STAR`` for ``STARTTLS``."""
SUBMISSIONS: Final = 465
KEPT: Final = 1_000
"""Bytes beyond which a row's text may be capped."""

REPLIES: Final = (RowKind.GREETING, RowKind.REPLY)


@dataclass
class Ours:
    """What we read in one frame: a thing counts for the frame that completes it."""

    flow: FlowDetail | None = None
    commands: list[Row] = field(default_factory=list)
    answers: list[Row] = field(default_factory=list)
    """The client's answers in an AUTH exchange."""
    replies: list[Row] = field(default_factory=list)

    @property
    def verbs(self) -> list[str]:
        """The verbs of the commands."""
        return [row.verb for row in self.commands]

    def arguments(self, verbs: tuple[str, ...]) -> list[str]:
        """What follows the verbs, as long as Wireshark gives them, where something does."""
        skips = [
            len(verb) + (verb != row.verb)  # behind letters that are not all it skips one as well
            for row, verb in zip(self.commands, verbs, strict=True)
        ]
        pairs = zip(self.commands, skips, strict=True)
        return [text for row, skip in pairs if (text := _text(row.text[skip:]))]

    @property
    def codes(self) -> list[str]:
        """The codes of the replies."""
        return [str(row.code) for row in self.replies]

    @property
    def lines(self) -> list[str]:
        """The text of each line of the replies, where it has one."""
        return [line for row in self.replies for line in _lines(row)]


class Difference(NamedTuple):
    """A frame that two readings do not agree on."""

    path: Path
    what: str
    ours: Ours
    theirs: Frame

    def __str__(self) -> str:
        parts = {
            "verbs": (self.ours.verbs, self.theirs.verbs),
            "codes": (self.ours.codes, self.theirs.codes),
            "answers": (len(self.ours.answers), self.theirs.secrets),
        }
        ours, theirs = parts.get(self.what) or self.text()
        return f"frame {self.theirs.number}, {self.what}: {ours!r:.200} and {theirs!r:.200}"

    def text(self) -> tuple[list[str], list[str]]:
        """The arguments or the reply lines, ours and theirs."""
        if self.what == "lines":
            return self.ours.lines, list(self.theirs.lines)
        return self.ours.arguments(self.theirs.verbs), list(self.theirs.arguments)

    def before(self) -> Iterator[Row]:
        """The rows of the flow that were complete in front of this frame, the latest first."""
        rows = self.ours.flow.rows if self.ours.flow else ()
        known = [row for row in rows if row.frames and row.frames[-1] < self.theirs.number]
        return reversed(known)


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace").strip()


def _lines(row: Row) -> list[str]:
    """The text of a reply's lines without code and separator, where there is some."""
    return [text for line in row.text.split(b"\r\n") if (text := _text(line[4:]))]


@dataclass(frozen=True)
class Kind:
    """A kind of difference."""

    name: str
    right: str
    """``we``, ``both`` (each by its own rule), or ``nobody``."""
    why: str
    holds: Callable[[Difference], bool]
    since: tuple[int, int] = (4, 0)
    before: tuple[int, int] = (5, 0)
    """The versions of Wireshark that differ so."""

    @property
    def here(self) -> bool:
        """Whether the tshark of this machine is one of them."""
        return self.since <= find_tshark().version[:2] < self.before


def said(path: Path) -> dict[int, Ours]:
    """What we read in each frame of a capture."""
    found: dict[int, Ours] = defaultdict(Ours)
    places = {RowKind.COMMAND: "commands", RowKind.AUTH: "answers"}
    places |= dict.fromkeys(REPLIES, "replies")
    for detail in reading(path).details:
        for row in detail.rows:
            if row.frames and row.kind in places:
                ours = found[row.frames[-1]]
                ours.flow = detail
                getattr(ours, places[row.kind]).append(row)
    return found


def differences(path: Path) -> Iterator[Difference]:
    """All frames of a capture on which the two readings differ."""
    ours, theirs = said(path), frames(path)
    for number in sorted(set(ours) | set(theirs)):
        mine, frame = ours.get(number, Ours()), theirs[number]
        mine.flow = mine.flow or reading(path).flow(frame.stream)
        pairs = {
            "verbs": _same_verbs(mine.verbs, frame.verbs),
            "answers": len(mine.answers) == frame.secrets,
            "codes": mine.codes == list(frame.codes),
        }
        if pairs["verbs"]:
            pairs["arguments"] = mine.arguments(frame.verbs) == list(frame.arguments)
        if pairs["codes"]:
            pairs["lines"] = mine.lines == list(frame.lines)
        for what in [what for what, same in pairs.items() if not same]:
            yield Difference(path, what, mine, frame)


def _same_verbs(ours: list[str], theirs: tuple[str, ...]) -> bool:
    """Whether verbs are the same; of a long one Wireshark may give the first letters only."""
    if len(ours) != len(theirs):
        return False
    pairs = zip(ours, theirs, strict=True)
    return all(o == t or (len(t) == SHORT and o.startswith(t)) for o, t in pairs)


# What the kinds ask.


def _split(difference: Difference) -> bool:
    """Commands lie across this frame's edges; all others in it are the same."""
    frame, ours = difference.theirs, difference.ours
    if difference.what != "verbs" or ours.flow is None:
        return False
    halves = [
        row
        for row in ours.flow.rows
        if row.kind is RowKind.COMMAND and len(row.frames) > 1 and frame.number in row.frames
    ]
    if not halves or not frame.verbs:
        return bool(halves)
    theirs, whole = list(frame.verbs), [row.verb for row in ours.commands if row not in halves]
    if any(theirs[0] in _text(row.text).upper() for row in halves) and len(theirs) > len(whole):
        theirs = theirs[1:]
    if any(row.verb.startswith(theirs[-1]) for row in halves) and len(theirs) > len(whole):
        theirs = theirs[:-1]
    return _same_verbs(whole, tuple(theirs))


def _with_data(difference: Difference) -> bool:
    """The frame holds more than our commands: message data too, and Wireshark reads only that."""
    frame, ours = difference.theirs, difference.ours
    size = sum(row.size for row in ours.commands)
    return difference.what == "verbs" and not frame.verbs and 0 < size < frame.length


def _asked(difference: Difference) -> list[Row]:
    """The DATA or BDAT in front of this frame, and those in it."""
    before = (row for row in difference.before() if row.verb in ("DATA", "BDAT"))
    here = [row for row in difference.ours.commands if row.verb in ("DATA", "BDAT")]
    return [row for row in (next(before, None), *here) if row is not None]


def _as_data(difference: Difference) -> bool:
    """Wireshark reads the whole frame as message data."""
    return (
        difference.what == "verbs"
        and not difference.theirs.verbs
        and "DATA fragment" in difference.theirs.info
    )


def _refused(difference: Difference) -> bool:
    """A DATA or BDAT was refused, so that commands follow and no message data."""
    flow = difference.ours.flow
    if flow is None or not _as_data(difference):
        return False
    answers = {row.partner for row in _asked(difference)}
    return any(row.number in answers and row.code >= FAILURE for row in flow.rows)


def _unknown(difference: Difference) -> bool:
    """The frame begins with a verb that a middlebox has masked."""
    verbs = difference.ours.verbs
    return bool(verbs) and set(verbs[0]) == {"X"} and _as_data(difference)


def _uncoded(difference: Difference) -> bool:
    """Lines of a reply whose code and separator are masked too; without them it is the same."""
    if difference.what != "lines":
        return False
    lines = [line for row in difference.ours.replies for line in row.text.split(b"\r\n")]
    coded = [_text(line[4:]) for line in lines if line[:3].isdigit()]
    return len(coded) < len(lines) and [text for text in coded if text] == difference.text()[1]


def _chunks(difference: Difference) -> bool:
    """Wireshark did not see the BDAT in front, which came in one frame with its chunk."""
    chunks = [row for row in _asked(difference) if row.verb == "BDAT"]
    unseen = [row for row in chunks if not frames(difference.path)[row.frames[-1]].verbs]
    return bool(unseen) and _as_data(difference)


def _rest(difference: Difference) -> bool:
    """Wireshark took the rest of a frame for octets of the chunk that begins or ends in it."""
    mine, theirs = tuple(difference.ours.verbs), difference.theirs.verbs
    front = [row.verb for row in _asked(difference)] + list(theirs)
    begun = front[-1:] == ["BDAT"] or front[:1] == ["BDAT"]
    return difference.what == "verbs" and begun and mine[: len(theirs)] == theirs


def _split_reply(difference: Difference) -> bool:
    """A reply line lies across this frame and another one."""
    flow, number = difference.ours.flow, difference.theirs.number
    rows = flow.rows if flow is not None else ()
    cut = (row for row in rows if row.kind in REPLIES and row.seams and number in row.frames)
    return difference.what in ("codes", "lines") and next(cut, None) is not None


def _again(difference: Difference) -> bool:
    """Wireshark reads no SMTP in what it takes for sent again; it may be all that there is."""
    frame = difference.theirs
    return frame.analysed and not (frame.verbs or frame.codes or frame.secrets)


def _cut(difference: Difference) -> bool:
    """The snap length cut the frame: all that is whole in it is the same."""
    frame, ours = difference.theirs, difference.ours
    return (
        frame.cut
        and list(frame.codes[: len(ours.codes)]) == ours.codes
        and _same_verbs(ours.verbs, frame.verbs[: len(ours.verbs)])
    )


def _sasl(difference: Difference) -> bool:
    """An answer of a mechanism that Wireshark does not follow."""
    return (
        difference.what == "answers"
        and len(difference.ours.answers) == 1
        and "DATA fragment" in difference.theirs.info
    )


def _word(difference: Difference) -> bool:
    """An AUTH answer that looks like a command; the server answered it with 334 or 235."""
    flow, answers = difference.ours.flow, difference.ours.answers
    if flow is None or len(answers) != 1 or len(difference.theirs.verbs) != 1:
        return False
    reply = next((row for row in flow.rows if row.number == answers[0].partner), None)
    return reply is not None and reply.code in (334, 235)


def _several(difference: Difference) -> bool:
    """Lines of one reply in several frames: together they are the same."""
    flow, number = difference.ours.flow, difference.theirs.number
    spread = [
        row
        for row in (flow.rows if flow else ())
        if row.kind in REPLIES and len(row.frames) > 1 and number in row.frames
    ]
    if not spread:
        return False
    numbers = sorted({frame for row in spread for frame in row.frames})
    theirs = [line for n in numbers for line in frames(difference.path)[n].lines]
    ours = [line for n in numbers for line in said(difference.path)[n].lines]
    return theirs == ours


def _capped(difference: Difference) -> bool:
    """The line is longer than what a row keeps, and the same as far as that goes."""
    ours = difference.ours
    rows = ours.replies if difference.what == "lines" else ours.commands
    if difference.what not in ("lines", "arguments") or all(row.size <= KEPT for row in rows):
        return False
    mine, whole = difference.text()
    return len(mine) == len(whole) and all(
        w == m or (len(m) > KEPT and w.startswith(m)) for m, w in zip(mine, whole, strict=True)
    )


def _masked(difference: Difference) -> bool:
    """The same but for ``#`` where we mask what a client had sent as its credentials."""
    if difference.what not in ("lines", "arguments"):
        return False
    mine, whole = ("\n".join(part) for part in difference.text())
    return (
        "####" in mine
        and len(mine) == len(whole)
        and all(m in ("#", w) for m, w in zip(mine, whole, strict=True))
    )


def _newline(difference: Difference) -> bool:
    """Our lines up to a bare CR or LF are Wireshark's."""
    if difference.what != "lines":
        return False
    mine, whole = difference.text()
    cut = [re.split(r"[\r\n]", line)[0].strip() for line in mine]
    return mine != cut == whole


def _submissions(difference: Difference) -> bool:
    """Cleartext on the port of implicit TLS (RFC 8314), where Wireshark looks for nothing else."""
    frame = difference.theirs
    return SUBMISSIONS in (frame.source[1], frame.destination[1]) and not frame.codes


def _tunnel(difference: Difference) -> bool:
    """Both sides begin with what is no SMTP, on a port that is not one of mail."""
    if difference.ours.flow is not None:
        return False
    stream = [f for f in frames(difference.path).values() if f.stream == difference.theirs.stream]
    return stream[0].info.startswith("Version: 5")


def _contradiction(difference: Difference) -> bool:
    """The server's bytes came twice and differ before a reply that the client's bytes need."""
    waits = not difference.ours.commands and difference.theirs.verbs
    rows = (row for row in difference.before() if row.kind is RowKind.RETRANSMISSION)
    conflicts = (row.text.endswith(b"different") and row.side is Side.SERVER for row in rows)
    return bool(waits) and any(conflicts)


KINDS: Final = (
    Kind(
        "split", "we",
        "A command lies across two segments of a pipelined group. Wireshark puts nothing "
        "together there: it reads the first segment as message data or the half as a whole, and "
        "the second as a command like 'PT T'. The bytes of both in their order are the command.",
        _split,
    ),
    Kind(
        "beside data", "we",
        "Commands and message data share a frame; Wireshark reads the frame as message data "
        "alone. The commands' bytes are in the payload, and the server answers them.",
        _with_data,
    ),
    Kind(
        "refused data", "we",
        "After DATA or BDAT Wireshark reads message data, although the server had refused it; "
        "what follows are commands (RFC 5321 section 3.3), and the server answers each.",
        _refused,
    ),
    Kind(
        "masked verb",
        "we",
        "A middlebox has masked the verb, and Wireshark takes the frame for message data. The "
        "server reads lines and answers each of them, and so do we; behind a masked BDAT these are "
        "the lines of its chunk.",
        _unknown,
    ),
    Kind(
        "masked line",
        "both",
        "A middlebox has masked a reply line with its code. Wireshark reads no such line; we show "
        "it, because the reply goes on.",
        _uncoded,
    ),
    Kind(
        "chunk", "we",
        "A BDAT that came in one frame with its chunk is read as message data by Wireshark, which "
        "then does not know where the chunk ends (RFC 3030 section 2: by its count of octets).",
        _chunks, before=(4, 2),
    ),
    Kind(
        "rest of a chunk", "we",
        "Wireshark takes all that is behind a BDAT in its frame, and the whole frame in which a "
        "chunk ends, for octets of the chunk. The number of octets says where it ends (RFC 3030 "
        "section 2), and what stands behind it is a command.",
        _rest, since=(4, 2),
    ),
    Kind(
        "not read", "we",
        "Wireshark reads no SMTP in a frame that its TCP analysis takes for sent again or out of "
        "order. The bytes are new to this capture: no other frame before brings them whole.",
        _again,
    ),
    Kind(
        "cut", "both",
        "The snap length cut the frame. Wireshark shows the line as far as it goes; we tell of "
        "lines only whose end is in the capture, and of the rest as a gap.",
        _cut,
    ),
    Kind(
        "mechanism", "we",
        "The client answers a 334 (RFC 4954 section 4); Wireshark knows no such state for this "
        "mechanism and reads message data.",
        _sasl,
    ),
    Kind(
        "word", "we",
        "The client's answer to a 334 looks like a command, and Wireshark takes it for one. The "
        "server took it for a user name: it answered 334 and asked for the password.",
        _word,
    ),
    Kind(
        "several frames", "both",
        "The lines of one reply came in several frames: Wireshark tells each line in its frame, "
        "we tell the reply in the frame that completes it. Together the lines are the same.",
        _several,
    ),
    Kind(
        "split reply", "both",
        "A reply line lies across two segments. Wireshark tells it in the first one, as far as it "
        "goes, and a line without a code in the second; we tell it whole, where it ends.",
        _split_reply,
    ),
    Kind(
        "capped", "both",
        "A row keeps the beginning of a very long line; as far as it goes it is the same.",
        _capped,
    ),
    Kind(
        "masked", "both",
        "We mask what equals the beginning of a credential, here the signature of each NTLM "
        "message ('TlRMTVNTUAAC', that is NTLMSSP) in the server's challenge. It hides nothing "
        "that is needed, and all else is the same.",
        _masked,
    ),
    Kind(
        "bare newline", "we",
        "Wireshark ends a reply line at a bare LF or CR and shows nothing of the rest; only CRLF "
        "ends a line (RFC 5321 section 2.3.8).",
        _newline,
    ),
    Kind(
        "submissions", "we",
        "A server on port 465 greets in cleartext; Wireshark expects TLS there and reads nothing.",
        _submissions,
    ),
    Kind(
        "tunnel", "both",
        "SMTP inside of SOCKS: Wireshark unwraps it, we do not follow such connections and say "
        "nothing of them.",
        _tunnel,
    ),
    Kind(
        "contradiction", "nobody",
        "The server's bytes came twice and differ (a line of 5,002 bytes, then replies with "
        "numbers inside of it). Wireshark reads each frame by itself; we keep what came first, so "
        "that the reply to AUTH is missing and what follows cannot be told from its answer.",
        _contradiction,
    ),
)  # fmt: skip


def kind_of(difference: Difference) -> Kind | None:
    """The first kind that explains a difference."""
    return next((kind for kind in KINDS if kind.holds(difference)), None)
