"""What can be taken out of the screen: to the clipboard, or to a file.

A screen says what it is about (``Subject``); a table says what of that can be had.  Everything
here is text in its visible form: nothing of a packet steers the terminal that it is pasted into.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from dissect.errors import SeamarkError
from tui import files, programs
from tui.line import wrap

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from dissect.analysis.model import FlowSummary, Verdict
    from dissect.detect.finding import Finding
    from tui.look import Look

    Maker = Callable[[], str | Awaitable[str]]
    """Makes a text; one that has to be asked for comes later."""

WIDTH: Final = 76
"""Columns of a text for a mail: with a mark of quotation it still fits 80."""
_LABEL: Final = 11
_MOST_OBSERVED: Final = 2000
_MOST_RECIPIENTS: Final = 20
_SHORTEST_RUN: Final = 3
_FEW: Final = 100
"""Flows of which a text is made only to show how it begins."""
_MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a screen is about; what it leaves out cannot be taken out."""

    look: Look
    flows: tuple[FlowSummary, ...] = ()
    """What actions take there; the first is the one under the cursor, if that is a flow."""
    frames: tuple[int, ...] = ()
    """Frames of the first flow's capture that the cursor is about."""
    value: bytes | str = b""
    """What is under the cursor, as it was on the wire."""
    findings: tuple[Finding, ...] = ()
    """Of the first flow, about what is under the cursor."""
    verdict: Verdict | None = None
    clients: tuple[str, ...] = ()
    """Addresses, where it is about clients and not about flows."""
    dialogue: Maker | None = None
    """Makes the first flow's dialogue."""
    dump: Maker | None = None
    """Makes the bytes of the first of ``frames``."""
    place: Callable[[str], str] = field(default=lambda capture: capture)
    """Where a capture lies, for other programs."""


class Offer(NamedTuple):
    """Something that can be taken out."""

    letter: str
    title: str
    text: Maker
    name: str
    """A name for a file with it: never made from what a packet says."""
    about: str = ""
    """How it begins, where it is short."""


def offers(subject: Subject) -> list[Offer]:
    """What can be taken out of a screen, in the order of the menu."""
    found = []
    for row in _TABLE:
        text = row.make(subject)
        if text is None:
            continue
        with suppress(SeamarkError):  # what has no place, such as standard input, is not offered
            about = _beginning(text) if row.short and len(subject.flows) <= _FEW else ""
            found.append(Offer(row.letter, row.title, text, _name(subject, row.kind), about))
    return found


def _beginning(text: Maker) -> str:
    """The first words of a text that is at hand."""
    made = text()
    return made[:_MOST_SHOWN].partition("\n")[0] if isinstance(made, str) else ""


# ---- filters ------------------------------------------------------------------------------------


def numbers(name: str, wanted: Iterable[int]) -> str:
    """A display filter for some numbers of a field: ``tcp.stream in {1, 4..7}``."""
    ordered = sorted(set(wanted))
    if len(ordered) == 1:
        return f"{name} == {ordered[0]}"
    return f"{name} in {{{', '.join(_runs(ordered))}}}" if ordered else ""


def _runs(ordered: Sequence[int]) -> Iterator[str]:
    start = 0
    breaks = [at for at, (one, other) in enumerate(pairwise(ordered), 1) if other != one + 1]
    for end in (*breaks, len(ordered)):
        run = ordered[start:end]
        if len(run) < _SHORTEST_RUN:
            yield from map(str, run)
        else:
            yield f"{run[0]}..{run[-1]}"
        start = end


def of_flows(flows: Iterable[FlowSummary]) -> dict[str, str]:
    """By capture, the display filter that shows its flows among some."""
    streams: dict[str, list[int]] = {}
    for flow in flows:
        streams.setdefault(flow.capture, []).append(flow.tcp_stream)
    return {capture: numbers("tcp.stream", some) for capture, some in streams.items()}


def of_clients(clients: Iterable[str]) -> str:
    """The display filter that shows some clients."""
    wanted = [f"{'ipv6' if ':' in each else 'ip'}.addr == {each}" for each in clients]
    return " || ".join(wanted)


def wanted(subject: Subject) -> dict[str, str]:
    """By capture, the display filter for a subject: its frames', its flows' or its clients'."""
    if subject.frames and subject.flows:
        return {subject.flows[0].capture: numbers("frame.number", subject.frames)}
    if subject.flows:
        return of_flows(subject.flows)
    return {"": of_clients(subject.clients)} if subject.clients else {}


def _filter(subject: Subject) -> Maker | None:
    if not (subject.flows or subject.clients):
        return None
    return lambda: _by_capture(wanted(subject), subject)


def _flow_filter(subject: Subject) -> Maker | None:
    """The whole flow's, where the other one is for frames."""
    if not (subject.frames and subject.flows):
        return None
    return lambda: _by_capture(of_flows(subject.flows), subject)


def _by_capture(found: dict[str, str], subject: Subject) -> str:
    """A filter alone, or a line for each capture, since numbers count in one capture only."""
    words = subject.look.words
    if len(found) == 1:
        return words(next(iter(found.values())))
    return "\n".join(f"{words(capture)}: {words(text)}" for capture, text in found.items())


def _tshark(subject: Subject) -> Maker | None:
    return _command(subject, programs.tshark)


def _wireshark(subject: Subject) -> Maker | None:
    return _command(subject, programs.wireshark)


def _command(subject: Subject, make: Callable[[str, str], list[str]]) -> Maker | None:
    """A command for each capture."""
    if not subject.flows:
        return None
    return lambda: "\n".join(
        programs.quoted(make(subject.place(capture), text))
        for capture, text in wanted(subject).items()
    )


# ---- texts --------------------------------------------------------------------------------------


def _value(subject: Subject) -> Maker | None:
    if not subject.value:
        return None
    return lambda: value(subject.value, subject.look)


def value(data: bytes | str, look: Look) -> str:
    """What was said, in its visible form; lines that ended as they should are lines again."""
    lines = data.split(b"\r\n") if isinstance(data, bytes) else data.split("\r\n")
    return "\n".join(look.words(line) for line in lines)


def _dialogue(subject: Subject) -> Maker | None:
    return subject.dialogue


def _dump(subject: Subject) -> Maker | None:
    return subject.dump


def _addresses(subject: Subject) -> Maker | None:
    if subject.flows:
        return lambda: "\n".join(_ends(flow, subject.look) for flow in subject.flows)
    if subject.clients:
        return lambda: "\n".join(map(subject.look.words, subject.clients))
    return None


def _ends(flow: FlowSummary, look: Look) -> str:
    return f"{look.words(str(flow.client))} -> {look.words(str(flow.server))}"


def _evidence(subject: Subject) -> Maker | None:
    if subject.verdict is not None:
        told = subject.verdict
        return lambda: verdict(told, subject.look)
    if not (subject.findings and subject.flows):
        return None
    flow = subject.flows[0]
    return lambda: "\n\n".join(evidence(each, flow, subject.look) for each in subject.findings)


def evidence(found: Finding, flow: FlowSummary, look: Look) -> str:
    """A finding for a mail: what was seen where, what it costs, and what mends it."""
    parts = [
        *_paragraph("", f"{found.rule}: {found.severity}, confidence {found.confidence:.2f}", look),
        *_paragraph("", found.message, look),
        "",
        *_paragraph("capture", flow.capture, look),
        *_paragraph("flow", f"{flow.flow}, {_ends(flow, look)}", look),
        *_paragraph("time", _moment(found.time), look),
        *_paragraph("frames", ", ".join(map(str, found.frames)), look),
        *_seen(found, look),
        *_paragraph("impact", found.impact, look),
        *_paragraph("no mail", _recipients(found), look),
        *_steps("remedy", found.remedy, look),
        *_paragraph("Wireshark", numbers("frame.number", found.frames), look),
        *_paragraph("sources", ", ".join(found.sources), look),
    ]
    return "\n".join(parts)


def verdict(told: Verdict, look: Look) -> str:
    """A verdict for a mail: what stands in between, and the counts that prove it."""
    counts = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in told.counts)
    parts = [
        *_paragraph("", f"{told.title}, confidence {told.confidence:.2f}", look),
        *_paragraph("", told.message, look),
        "",
        *_paragraph("capture", told.capture, look),
        *_paragraph("between", f"{told.client} and {told.server}", look),
        *_paragraph("proof", counts, look),
        *_steps("remedy", told.remedy, look),
        *_steps("confirm", told.confirm, look),
    ]
    return "\n".join(parts)


def _seen(found: Finding, look: Look) -> list[str]:
    """The bytes, with their seam, and what they were."""
    data, inside = found.observed[:_MOST_OBSERVED], found.seam
    shown, where = look.words(data), ""
    if inside is not None:
        mark = look.inferred if inside.seam.inferred else look.seam
        if 0 < inside.offset < len(data):
            shown = _marked(data, inside.offset, mark, look)
        where = (
            f"{inside.seam.kind}, inside the {inside.within}, after byte {inside.offset}, "
            f"frames {inside.seam.before} | {inside.seam.after}"
        )
    return [
        *_filled("observed", shown),
        *_paragraph("original", found.original, look),
        *_paragraph("seam", where, look),
    ]


def _marked(data: bytes, at: int, mark: str, look: Look) -> str:
    """The bytes with a mark at one of them; what is hidden is hidden across it."""
    cells = look.cells(data)
    before = "".join(cell.text for cell in cells if cell.at < at)
    return f"{before}{mark}{''.join(cell.text for cell in cells if cell.at >= at)}"


def _recipients(found: Finding) -> str:
    rest = len(found.recipients) - _MOST_RECIPIENTS
    more = f" and {rest} more" if rest > 0 else ""
    return ", ".join(found.recipients[:_MOST_RECIPIENTS]) + more


def _steps(label: str, steps: Iterable[str], look: Look) -> list[str]:
    lines: list[str] = []
    for step in steps:
        lines += _paragraph(" " if lines else label, f"- {step}", look)
    return lines


def _paragraph(label: str, said: str, look: Look) -> list[str]:
    """A labelled text in lines; nothing where there is nothing to say."""
    lines: list[str] = []
    for part in said.split("\n") if said else ():
        lines += _filled(" " if lines and label else label, look.words(part))
    return lines


def _filled(label: str, shown: str) -> list[str]:
    """The same of words that have passed the sanitiser."""
    if not shown:
        return []
    margin = f"{label:<{_LABEL}}" if label else ""
    lines = wrap(shown, WIDTH - len(margin))
    return [margin + lines[0], *(" " * len(margin) + row for row in lines[1:])]


def _moment(seconds: float) -> str:
    """A time that means the same to whoever reads it."""
    try:
        return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
    except (OverflowError, OSError, ValueError):
        return f"{seconds} seconds"


# ---- the table ----------------------------------------------------------------------------------


def _name(subject: Subject, kind: str) -> str:
    """A file name, from the capture's, the flow's number and what it is."""
    if not subject.flows:
        return f"seamark-{kind}.txt"
    flow = subject.flows[0]
    which = f"flow{flow.flow}" if len(subject.flows) == 1 else f"{len(subject.flows)}-flows"
    if kind == "frame" and subject.frames:
        which, kind = f"frame{subject.frames[0]}", "hex"
    return f"{files.stem(flow.capture)}-{which}-{kind}.txt"


class _Kind(NamedTuple):
    """One line of the table."""

    letter: str
    kind: str
    title: str
    make: Callable[[Subject], Maker | None]
    """Gives what makes the text, where there is something to make it from."""
    short: bool = False
    """Whether its beginning says it all, or most of it."""


_TABLE: Final = (
    _Kind("v", "value", "value", _value, short=True),
    _Kind("e", "evidence", "evidence, for a mail", _evidence),
    _Kind("d", "dialogue", "dialogue", _dialogue),
    _Kind("f", "filter", "Wireshark filter", _filter, short=True),
    _Kind("F", "flow-filter", "filter of the whole flow", _flow_filter, short=True),
    _Kind("c", "command", "tshark command", _tshark, short=True),
    _Kind("w", "wireshark", "Wireshark command", _wireshark, short=True),
    _Kind("a", "addresses", "addresses", _addresses, short=True),
    _Kind("h", "frame", "frame, byte by byte", _dump),
)
