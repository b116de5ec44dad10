"""How to see the same in Wireshark, without Seamark."""

from __future__ import annotations

from typing import Final

from dissect.detect.finding import Finding, Severity
from dissect.dossier.case import Case
from dissect.dossier.document import Block, Bullets, Code, Commands, Inline, Section, Table

FRAMES: Final = 60
"""Frames in the filter of a rule."""


PREFERENCE: Final = (
    "What was said is inside TLS: give Wireshark the key log with which it was read, under "
    "Edit, Preferences, Protocols, TLS, (Pre)-Master-Secret log filename."
)

TSHARK: Final = "-o tls.keylog_file:KEYS "
SEAMARK: Final = "--keylog KEYS "


def section(case: Case) -> Section | None:
    """The filters, and what to look for."""
    if case.decisive is None:
        return None
    detail, finding = case.decisive
    name = case.quoted(detail.summary.capture)
    sealed = detail.summary.opened
    steps: list[tuple[Inline, ...]] = [
        *(((PREFERENCE,),) if sealed else ()),
        ("Open ", Code(name), " and filter for ", Code(finding.filter), "."),
        *_look(finding, redacted=case.redacted),
        ("The whole conversation: ", Code(detail.summary.filter), "."),
    ]
    blocks: tuple[Block, ...] = (
        Bullets(tuple(steps), numbered=True),
        Commands(
            (f"tshark {TSHARK if sealed else ''}-r {name} -Y '{finding.filter}' -x",),
            ("The same without a screen:",),
        ),
        Commands(
            (f"seamark export {name} {SEAMARK if sealed else ''}-o evidence.pcapng",),
            ("With the findings as comments on their frames, for Wireshark:",),
        ),
        *_filters(case),
    )
    return Section("verify", "How to verify it in Wireshark", blocks)


def _look(finding: Finding, *, redacted: bool) -> list[tuple[Inline, ...]]:
    """What the bytes are that prove it; of a redacted line only its verb is as on the wire."""
    seam = finding.seam
    if seam is None or seam.seam.before == seam.seam.after or seam.seam.record:
        return []
    data = finding.observed
    if redacted:
        data = data[: data.find(b" ") + 1]
    ends, begins = data[: seam.offset], data[seam.offset : seam.offset + 6]
    if not ends or not begins:
        return []
    return [
        (f"The last bytes of the payload (TCP payload) of frame {seam.seam.before} are ",
         Code(ends[-6:].hex(" ")), "."),
        (f"The first bytes of the payload of frame {seam.seam.after} are ",
         Code(begins.hex(" ")), "."),
        ("Follow > TCP Stream hides the boundary, because it joins the packets.",),
    ]  # fmt: skip


def _filters(case: Case) -> tuple[Block, ...]:
    """A filter for each rule and capture."""
    frames: dict[tuple[str, str], set[int]] = {}
    for detail in case.gathered.details:
        for finding in detail.findings:
            if finding.severity >= Severity.MEDIUM:
                key = (finding.rule, detail.summary.capture)
                frames.setdefault(key, set()).update(finding.frames)
    rows = tuple(
        (
            rule,
            *((case.show(capture.rpartition("/")[2]),) if len(case.sources) > 1 else ()),
            Code(_filter(numbers)),
        )
        for (rule, capture), numbers in frames.items()
        if numbers
    )
    head = ("rule", *(("capture",) if len(case.sources) > 1 else ()), "display filter")
    return (Table("All frames of evidence, by rule", head, rows, named=True),) if rows else ()


def _filter(frames: set[int]) -> str:
    """A display filter for frames; the first ones where they are many."""
    return f"frame.number in {{{', '.join(map(str, sorted(frames)[:FRAMES]))}}}"
