"""Which server it is, what it enforces, and what it did."""

from __future__ import annotations

import pytest
from support.script import play

from dissect.detect import products, sync
from dissect.detect.sync import PLACES
from dissect.pipeline import Pipeline

EXCHANGE = (
    "SIZE", "PIPELINING", "DSN", "ENHANCEDSTATUSCODES", "X-ANONYMOUSTLS", "AUTH", "8BITMIME",
)  # fmt: skip


def product(script: str) -> str:
    """The product that a dialogue shows."""
    pipeline = Pipeline()
    pipeline.segments(play(script))
    pipeline.finish()
    (detail,) = pipeline.take()
    return detail.summary.product


def hello(greeting: str, *keywords: str) -> str:
    """A greeting and an answer to EHLO."""
    lines = ["mx.example.net", *keywords]
    said = [f"S: 250{'-' if line is not lines[-1] else ' '}{line}" for line in lines]
    return "\n".join([f"S: {greeting}", "C: EHLO mail.example.org", *said])


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("S: 220 mx.example.net ESMTP Postfix (Debian)", "Postfix"),
        ("S: 220 mx.example.net ESMTP Exim 4.96 Sun, 22 Nov 2026", "Exim"),
        ("S: 220 mx.example.net ESMTP Sendmail 8.17.1", "Sendmail"),
        ("S: 220 mx.example.net Microsoft ESMTP MAIL Service ready at Sun", "Exchange"),
        (hello("220 mx.example.net ESMTP", *EXCHANGE), "Exchange"),
        (hello("220 mx ESMTP", "SIZE 1", "8BITMIME", "PIPELINING", "PIPECONNECT", "HELP"), "Exim"),
        (hello("220 mx", "PIPELINING", "SIZE", "VRFY", "ETRN", "ENHANCEDSTATUSCODES"), "Postfix"),
        (hello("220 mx", "SIZE", "PIPELINING"), ""),
        ("S: 220 mx\nC: EHLO a\nS: 250 mx\nC: FOO\nS: 500 unrecognized command", "Exim"),
        ("S: 220 mx\nC: HELO a\nS: 250 mx\nC: FOO\nS: 500 5.5.2 Error: bad syntax", "Postfix"),
        ('S: 220 mx\nC: FOO\nS: 500 5.5.1 Command unrecognized: "FOO"', "Sendmail"),
        ("S: 220 mx\nC: FOO\nS: 500 5.3.3 Unrecognized command", "Exchange"),
        ("S: 220 mx\nC: FOO\nS: 500 what?", ""),
    ],
)
def test_a_server_is_recognised(script: str, name: str) -> None:
    """By its greeting, by keywords that only it has or so orders, or by its words."""
    assert product(script) == name


def test_an_order_that_fits_two_names_none() -> None:
    """Keywords that several products list in this order prove nothing."""
    assert products.hello(frozenset({"SIZE", "DSN"}), ("SIZE", "DSN")) == ""


@pytest.mark.parametrize(
    ("verb", "exim", "postfix"),
    [
        ("MAIL", False, False),
        ("RCPT", False, False),
        ("RSET", False, False),
        ("DATA", True, True),
        ("EHLO", True, True),
        ("NOOP", True, True),
        ("EXPN", True, False),
        ("STARTTLS", True, False),
        ("QUIT", False, False),
        ("AUTH", False, False),
        ("XXXX", True, False),
    ],
)
def test_what_servers_enforce(verb: str, exim: bool, postfix: bool) -> None:  # noqa: FBT001 - a table
    """Exim drops behind every unknown verb, Postfix behind five that it knows."""
    assert sync.enforced(verb, pipelining=True) == {"Exim": exim, "Postfix": postfix}


@pytest.mark.parametrize(("verb", "exim"), [("MAIL", True), ("RCPT", True), ("QUIT", False)])
def test_without_pipelining_all_is_a_sync_point(verb: str, exim: bool) -> None:  # noqa: FBT001
    """After HELO both want every command alone, but for what Exim never checks."""
    assert sync.enforced(verb, pipelining=False) == {"Exim": exim, "Postfix": True}


def test_what_must_be_last_is_in_the_rfc() -> None:
    """Nobody enforces more than RFC 2920 asks for, of the verbs that it knows."""
    assert [v for v, place in PLACES.items() if (place.exim or place.postfix) > place.last] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [("Exim", ["Exim"]), ("Postfix", ["Postfix"]), ("Sendmail", ["Exim", "Postfix"])],
)
def test_only_the_server_that_it_is_is_told_of(name: str, words: list[str]) -> None:
    """Where the product is known and its habits are, nothing is said of another."""
    said = sync.said("DATA", name, pipelining=True)
    assert [word for word in ("Exim", "Postfix") if word in said] == words
