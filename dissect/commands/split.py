"""A capture as one file for each connection, with an index."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from dissect.analysis.model import FlowDetail, FlowSummary
from dissect.commands.choosing import Chosen
from dissect.errors import CaptureError
from dissect.escape import visible
from dissect.evidence import Endpoint
from dissect.report import comments
from dissect.report.jsonl import finding_object, flow_object
from dissect.source import Tshark, newfile
from dissect.source.split import Part, split

INDEX: Final = "index.jsonl"


def write(tshark: Tshark, chosen: Chosen, folder: Path) -> list[Part]:
    """Write the files, then the index: where it is, everything is.

    Args:
        tshark: from ``find_tshark``.
        chosen: conversations of a capture that can be read a second time.
        folder: new or empty.

    Raises:
        UsageError: if the folder is not empty.
        CaptureError: if a file cannot be written, or the capture cannot be read.
        ToolError: if editcap is missing.
    """
    parts = {
        detail.summary.flow: Part(path=folder / name, comment=_made(detail.summary))
        for detail, name in zip(chosen.details, names(chosen.flows), strict=True)
    }
    said = comments.by_frame(chosen.details)
    with newfile.empty_folder(folder):
        asyncio.run(split(tshark, chosen.file, chosen.frames.flow, parts, said, chosen.rewrite))
        if not all(part.packets for part in parts.values()):
            raise CaptureError("Packets of a conversation are missing.", "Has the file changed?")
        newfile.write_text(folder / INDEX, _index(chosen.details, parts))
    return list(parts.values())


def names(flows: Iterable[FlowSummary]) -> Iterator[str]:
    """A file name for each flow: both ends, and a number where the same ones meet again."""
    seen: Counter[str] = Counter()
    for flow in flows:
        name = f"{_end(flow.client)}_{_end(flow.server)}"
        seen[name] += 1
        yield f"{name}_{seen[name]}.pcapng" if seen[name] > 1 else f"{name}.pcapng"


def _end(end: Endpoint) -> str:
    """Address and port; colons, which some systems do not take in names, are dashes."""
    return f"{end.address.replace(':', '-')}-{end.port}"


def _made(flow: FlowSummary) -> str:
    """What made a file, and of what."""
    return (
        f"Made by seamark {version('seamark')} split from {visible(flow.capture)}: flow "
        f"{flow.flow}, {flow.client} to {flow.server}. Comments that begin with Seamark: are "
        "findings; they name the frames by their numbers in that capture."
    )


def _index(details: Iterable[FlowDetail], parts: dict[int, Part]) -> Iterator[str]:
    """The lines of the index: flows and findings as scan has them, and where they are now."""
    for detail in details:
        part = parts[detail.summary.flow]
        where = {"name": part.path.name, "packets": part.packets}
        yield _line({**flow_object(detail.summary), "file": where})
        for finding in detail.findings:
            here = [part.places[frame] for frame in finding.frames if frame in part.places]
            where = {"name": part.path.name, "frames": here}
            yield _line({**finding_object(finding, detail.summary), "file": where})


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":")) + "\n"
