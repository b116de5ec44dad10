"""What a browser would make of a page: its elements, attributes and text."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Final

from support.script import play
from support.wire import to_pcap

VOID: Final = frozenset({"meta"})

TAGS: Final = frozenset({
    "html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section", "footer",
    "h1", "h2", "p", "ul", "ol", "li", "a", "div", "table", "caption", "thead", "tbody", "tr", "th",
    "td", "pre", "code", "figure", "figcaption", "span", "b", "mark",
    "svg", "desc", "g", "line", "rect", "text", "path",
})  # fmt: skip
"""All that a report consists of."""

EVIL: Final = '"></title></svg><script>alert(1)</script><img src=http://evil.example/ onerror=x>'
"""Markup that a peer would like to see in the page."""

TALK: Final = f"""
    S: 220 mx.example.net {EVIL}
    C: EHLO {EVIL}
    S: 250-mx.example.net {{{{ 7 * 7 }}}} {EVIL}
    S: 250-PIPELINING
    S: 250-XXXXXXXA
    S: 250 XXXB
    C: MAIL FROM:<a`|{EVIL}@example.org>
    C: XX¦XX TO:<`b`|[x](http://evil.example/){EVIL}@example.net>
    C: RCPT TO:<c@example.net>
    C: DATA
    S: 250 OK
    S: 500 unrecognized {EVIL}
    S: 250 Accepted
    S: 354 go ahead
    C: Subject: {EVIL}
    C:
    C: hello
    C: .
    S: 250 OK
    C: QUIT
    S: 221 bye {EVIL}
"""


def evil_capture(folder: Path) -> Path:
    """A capture in which all names are markup; its own name is, too."""
    made = to_pcap(play(TALK), folder / "made.pcap")
    return made.rename(folder / "<b>&'\"`|x.pcap")


class Page(HTMLParser):
    """Reads a page, and holds what is in it."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.unclosed: list[str] = []
        self.wrong: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element begins."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An element of a picture without content."""
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """An element ends, and has to be the last that began."""
        if not self.unclosed or self.unclosed.pop() != tag:
            self.wrong.append(tag)

    def handle_data(self, data: str) -> None:
        """Text."""
        self.text += data

    @property
    def fetches(self) -> list[tuple[str, str, str]]:
        """Attributes that would make a browser fetch or run something, or go somewhere else."""
        return [
            each
            for each in self.attributes
            if each[1].startswith("on")
            or each[1] in {"src", "srcset", "style", "background", "action", "data", "xlink:href"}
            or (each[1] == "href" and not re.fullmatch(r"#[a-z]+", each[2]))
        ]

    def values(self, tag: str, name: str) -> list[str]:
        """The values of an attribute."""
        return [value for each, key, value in self.attributes if (each, key) == (tag, name)]
