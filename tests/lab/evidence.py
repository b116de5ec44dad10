"""Where in a file each masked byte can be seen: frame numbers for the manifest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.truth import Truth, Verb, holders, passed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from lab.pcapfile import Frame

Row = dict[str, str | int | list[int] | list[str]]

_ADDRESS = re.compile(r"TO:<([^>]+)>")
_SYNC_REPLY = b"554 SMTP synchronization error"


@dataclass(frozen=True)
class Scene:
    """What rows are made from."""

    truth: Truth
    frames: Sequence[Frame]
    side: str
    """Of `lab.cases.PLACES`."""


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
        "recipient": _recipient(verb),
        "outcome": _outcome(scene.truth, verb),
    }


def _lost(scene: Scene) -> Iterator[Row]:
    for verb in scene.truth.split():
        recipient = scene.truth.lost.get(verb.client)
        if recipient is not None:
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


def _seam(scene: Scene, verb: Verb) -> list[int]:
    """The frames with the verb's two halves: one and the same where segmentation was offloaded."""
    halves = (verb.sequence, verb.sequence + verb.offset)
    found = [holders(scene.frames, verb.client, start, to="server")[:1] for start in halves]
    return [number for first in found for number in first] if all(found) else []


def _recipient(verb: Verb) -> str:
    match = _ADDRESS.search(verb.rest)
    return match.group(1) if match else ""


def _outcome(truth: Truth, verb: Verb) -> str:
    refused = verb.client in truth.accepted or "TO:" not in verb.rest
    return "refused" if refused else "connection dropped"


_MAKERS: tuple[Callable[[Scene], Iterator[Row]], ...] = (
    _split,
    _whole,
    _lost,
    _dropped,
    _banner,
    _keywords,
    _terminator,
)
