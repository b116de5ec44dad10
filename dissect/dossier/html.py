"""A document as one page of HTML that runs nothing and fetches nothing, for screen and paper.

Jinja escapes what the template is given; the one thing that comes as markup is the picture that
``dissect.dossier.svg`` makes.  The Content-Security-Policy of the page allows its own style sheet,
by its hash, and nothing else.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any, Final

from dissect.dossier import svg
from dissect.dossier.document import Code, Document, HexLine, Ladder
from dissect.dossier.hexes import printable

TEMPLATES: Final = Path(__file__).parent / "templates"

POLICY: Final = (
    "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
)


def written(document: Document) -> str:
    """The whole page."""
    # Other commands start without it.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415
    from markupsafe import Markup  # noqa: PLC0415

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.tests["code"] = lambda part: isinstance(part, Code)
    environment.filters |= {"kind": _kind, "cells": _cells, "picture": _picture, "offset": _offset}
    # The file is part of the program, and holds no markup: it is handed on as it is.
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode("ascii")
    return environment.get_template("report.html").render(
        document=document, style=Markup(style), policy=POLICY.format(digest=digest),  # noqa: S704
    )  # fmt: skip


def _kind(block: Any) -> str:
    """What a block is called in the template."""
    return type(block).__name__.lower()


def _picture(ladder: Ladder, name: str) -> Any:
    """The ladder as SVG, which is markup already."""
    from markupsafe import Markup  # noqa: PLC0415 - as above

    return Markup(svg.drawn(ladder, name))  # noqa: S704 - made and escaped by ElementTree


def _offset(line: HexLine) -> str:
    return f"{line.offset:6d}"


def _cells(line: HexLine) -> list[dict[str, Any]]:
    """The bytes of a line, each with what it is."""
    marked = {at for low, high in line.marks for at in range(low, high)}
    cells: list[dict[str, Any]] = [
        {
            "hex": f"{byte:02x}",
            "char": printable(bytes([byte])),
            "mark": at in marked,
            "seam": line.seam == at,
        }
        for at, byte in enumerate(line.data)
    ]
    return cells
