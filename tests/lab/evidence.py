"""Where in a file each masked byte can be seen: frame numbers for the manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.middlebox import client_port
from lab.truth import Truth, Verb, addressee, holders, passed, resets, said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from lab.pcapfile import Frame

Row = dict[str, str | int | list[int] | list[str]]
Change = dict[str, str | int]

_LAST_LINE = "\r\n220 "
_SYNC_REPLY = b"554 SMTP synchronization error"

RULES = {
    "noop": "ehlo-answered-as-noop",
    "stripped": "starttls-stripped",
    "refused": "starttls-stripped",
    "dropped": "path-mtu-black-hole",
    "reset": "forged-reset",
    "injected": "injected-reply",
    "no-terminator": "missing-terminator",
    "lone-dot": "unstuffed-dot",
    "chunk-size": "bdat-size-mismatch",
    "ambiguous-end": "ambiguous-end-of-data",
    "early": "early-talker",
}
"""Which rule has to find what a middlebox did, or a sender."""


@dataclass(frozen=True)
class Scene:
    """What rows are made from."""

    truth: Truth
    frames: Sequence[Frame]
    side: str
    """Of `lab.case.PLACES`."""


def rows(scene: Scene) -> list[Row]:
    """All evidence that can be seen in one file."""
    return [row for maker in _MAKERS for row in maker(scene) if row["frames"]]


def _split(scene: Scene) -> Iterator[Row]:
    for verb in scene.truth.split():
        frames = _seam(scene, verb)
        if frames:
            yield _verb_row("split-masked-verb", scene, verb, frames)


def _whole(scene: Scene) -> Iterator[Row]:
    for verb in scene.truth.whole():
        if passed(verb.box, scene.side, to="server"):
            frames = holders(scene.frames, verb.client, verb.sequence, to="server")
            yield _verb_row("masked-verb", scene, verb, frames)


def _verb_row(rule: str, scene: Scene, verb: Verb, frames: list[int]) -> Row:
    seen = verb.masked if passed(verb.box, scene.side, to="server") else verb.original
    return {
        "rule": rule,
        "client_port": verb.client,
        "original": verb.original,
        "masked": verb.masked,
        "observed": seen + verb.rest,
        "offset": verb.offset,
        "frames": frames,
        "recipient": addressee(verb),
        "outcome": _outcome(scene.truth, verb),
    }


def echoed(scene: Scene) -> list[Verb]:
    """The verbs that are whole in one file, and masked where the server quotes them."""
    verbs = scene.truth.echoed()
    return [verb for verb in verbs if not passed(verb.box, scene.side, to="server")]


def _echoed(scene: Scene) -> Iterator[Row]:
    for verb in echoed(scene):
        line = verb.masked + verb.rest
        quote = f'"{line}"'.encode("latin-1")
        replies = [
            frame.number
            for frame in scene.frames
            if client_port(frame.segment) == verb.client and quote in frame.segment.payload
        ]
        yield {
            "rule": "echoed-mask",
            "client_port": verb.client,
            "original": verb.original,
            "observed": line,
            "frames": holders(scene.frames, verb.client, verb.sequence, to="server")[:1] + replies,
        }


def _lost(scene: Scene) -> Iterator[Row]:
    for verb in scene.truth.split():
        recipient = addressee(verb)
        if scene.truth.lost.get(verb.client) == recipient:
            yield {
                "rule": "lost-recipient",
                "client_port": verb.client,
                "recipient": recipient,
                "frames": _seam(scene, verb),
            }


def _dropped(scene: Scene) -> Iterator[Row]:
    for client in scene.truth.synchronisation:
        frames = [
            frame.number
            for frame in scene.frames
            if client in frame.segment.ports and _SYNC_REPLY in frame.segment.payload
        ]
        yield {"rule": "sync-error", "client_port": client, "frames": frames}


def greeted(scene: Scene, kind: str) -> list[dict[str, str | int]]:
    """What boxes did to banners or keywords, as far as it can be seen in one file."""
    return [
        row
        for row in scene.truth.of_kind(kind)
        if passed(int(row["box"]), scene.side, to="client")
        and holders(scene.frames, int(row["client"]), int(row["seq"]), to="client")
    ]


def _banner(scene: Scene) -> Iterator[Row]:
    for row in greeted(scene, "banner"):
        client = int(row["client"])
        yield {
            "rule": "masked-banner",
            "severity": "low",
            "client_port": client,
            "original": str(row["before"]).rstrip(),
            "observed": str(row["after"]).rstrip(),
            "frames": holders(scene.frames, client, int(row["seq"]), to="client"),
        }


def _keywords(scene: Scene) -> Iterator[Row]:
    masked = greeted(scene, "keyword")
    for client in dict.fromkeys(int(row["client"]) for row in masked):
        mine = [row for row in masked if row["client"] == client]
        yield {
            "rule": "masked-ehlo-keyword",
            "severity": "critical" if "STARTTLS" in scene.truth.keywords(client) else "medium",
            "client_port": client,
            "original": scene.truth.keywords(client),
            "observed": [str(row["after"]) for row in mine],
            "frames": holders(scene.frames, client, int(mine[0]["seq"]), to="client"),
        }


def _terminator(scene: Scene) -> Iterator[Row]:
    swallowed = {
        (int(row["client"]), int(row["seq"]), str(row["before"]))
        for row in scene.truth.of_kind("terminator")
    }
    for client, sequence, text in sorted(swallowed):
        frames = holders(scene.frames, client, sequence, to="server")
        yield {
            "rule": "terminator-swallowed",
            "client_port": client,
            "original": text,
            # As with a cut verb, the first copy is the evidence; the others are repetitions.
            "frames": frames[:1],
            "repeated": frames[1:],
        }


def _misread(scene: Scene) -> Iterator[Row]:
    for verb in scene.truth.misread():
        yield {
            "rule": "body-parsed-as-commands",
            "client_port": verb.client,
            "frames": holders(scene.frames, verb.client, verb.sequence, to="server")[:1],
        }


def hung(scene: Scene) -> list[dict[str, str | int]]:
    """The banners whose last line has lost its reply code, as far as they can be seen."""
    return [
        row
        for row in greeted(scene, "banner")
        if _LAST_LINE in str(row["before"]) and _LAST_LINE not in str(row["after"])
    ]


def _hung(scene: Scene) -> Iterator[Row]:
    for row in hung(scene):
        client = int(row["client"])
        yield {
            "rule": "masked-greeting-hang",
            "client_port": client,
            "frames": holders(scene.frames, client, int(row["seq"]), to="client"),
        }


def _faulty(scene: Scene) -> Iterator[Row]:
    for fault in scene.truth.faults:
        yield {
            "rule": RULES[fault.kind],
            "client_port": fault.client,
            "original": fault.text,
            "frames": said(scene.frames, fault.client, fault.offset)[:1],
        }


def acted(scene: Scene) -> list[Row]:
    """What boxes did to packets, as far as one file shows it: one row a client and rule."""
    seen: dict[tuple[int, str], Row] = {}
    for change in scene.truth.changes:
        finder = _ACTS.get(str(change["kind"]))
        if finder and (frames := finder(scene, change)):
            client, rule = int(change["client"]), RULES[str(change["kind"])]
            seen.setdefault((client, rule), {"rule": rule, "client_port": client, "frames": frames})
    return list(seen.values())


def _first_holder(scene: Scene, change: Change) -> list[int]:
    """The first frame with the place of a change, on the client's side of the box."""
    if passed(int(change["box"]), scene.side, to="server"):
        return []
    client, place = int(change["client"]), int(change["seq"])
    return holders(scene.frames, client, place, to=str(change["to"]))[:1]


def _reset(scene: Scene, change: Change) -> list[int]:
    """The frame of a forged reset, where it passes."""
    to = str(change["to"])
    if not passed(int(change["box"]), scene.side, to=to):
        return []
    # What the real end resets later may have the same number.
    return resets(scene.frames, int(change["client"]), int(change["seq"]), to=to)[:1]


_ACTS: dict[str, Callable[[Scene, Change], list[int]]] = {
    "noop": _first_holder,
    "stripped": _first_holder,
    "refused": _first_holder,
    "dropped": _first_holder,
    "injected": _first_holder,
    "reset": _reset,
}


def _seam(scene: Scene, verb: Verb) -> list[int]:
    """The frames with the verb's two halves: one and the same where segmentation was offloaded."""
    halves = (verb.sequence, verb.sequence + verb.offset)
    found = [holders(scene.frames, verb.client, start, to="server")[:1] for start in halves]
    return [number for first in found for number in first] if all(found) else []


def _outcome(truth: Truth, verb: Verb) -> str:
    refused = verb.client in truth.accepted or "TO:" not in verb.rest
    return "refused" if refused else "connection dropped"


_MAKERS: tuple[Callable[[Scene], Iterable[Row]], ...] = (
    _split,
    _whole,
    _echoed,
    _lost,
    _dropped,
    _banner,
    _keywords,
    _terminator,
    _misread,
    _hung,
    _faulty,
    acted,
)
