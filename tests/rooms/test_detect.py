"""Detect: what a mask was, what a keyword was, what the clean side proves, what an envelope is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support.script import play
from support.talk import Talk, Turn
from support.wire import Setting

from dissect.detect import cleanside, envelope, keywords, masks
from dissect.detect.keywords import Keyword
from dissect.detect.rules.split_masked_verb import SplitMaskedVerb
from dissect.dialogue import Command, DialogueEvent, Session, Transaction
from dissect.evidence import Endpoint, Side
from dissect.pipeline import Pipeline
from dissect.streams import Tracker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.detect.finding import Finding
    from dissect.detect.masks import Mask

GREETED = "S: 220 mx\nC: EHLO a\nS: 250-mx\nS: 250 PIPELINING\n"


def events(script: str) -> list[DialogueEvent]:
    """What a transcript of one flow says."""
    tracker, sessions = Tracker(), dict[int, Session]()
    found: list[DialogueEvent] = []
    for segment in play(script):
        for flow, brought in tracker.feed(segment):
            session = sessions.setdefault(flow.number, Session(flow))
            found += session.feed(brought)
    for flow, brought in tracker.finish():
        found += sessions[flow.number].feed(brought) + sessions[flow.number].finish()
    return found


def command(line: str, before: str = GREETED) -> Command:
    """The last command of a transcript."""
    return [e for e in events(f"{before}C: {line}") if type(e) is Command][-1]


def transaction(script: str) -> Transaction:
    """The first mail transaction of a transcript."""
    return next(e for e in events(GREETED + script) if type(e) is Transaction)


def mask(line: str, before: str = GREETED) -> Mask | None:
    """The mask over the verb of a line."""
    return masks.verb(command(line, before))


# ---- masks -------------------------------------------------------------------------------------

RCPT = GREETED + "C: MAIL FROM:<a>\nS: 250 a\nC: RCPT TO:<b>\nS: 250 b\n"


@pytest.mark.parametrize(
    ("line", "original", "before"),
    [
        ("XXXX TO:<a@example.net>", "RCPT", GREETED),
        ("XXXX FROM:<a@example.net>", "MAIL", GREETED),
        ("xxxx to:<a@example.net>", "RCPT", GREETED),
        ("**** TO:<a@example.net>", "RCPT", GREETED),
        ("XXXX 100 LAST", "BDAT", GREETED),
        ("XXXX 100", "BDAT", GREETED),
        ("XXXX CRAM-MD5", "AUTH", GREETED),
        ("XXXXXXX 100 2", "XEXCH50", GREETED),
        ("XXXXXXX ADDR=192.0.2.1", "XCLIENT", GREETED),
        ("XXXXXXXX ADDR=192.0.2.1", "XFORWARD", GREETED),
        ("XXXXXXXX", "STARTTLS", GREETED),
        ("XXXX mail.example.org", "EHLO", "S: 220 mx\n"),
        ("XXXX", "DATA", RCPT),
    ],
)
def test_what_a_masked_verb_was(line: str, original: str, before: str) -> None:
    """Argument, length and state tell the verb."""
    found = mask(line, before)
    assert found is not None
    assert found.original == original


@pytest.mark.parametrize(
    "line",
    [
        "XCLIENT NAME=a",
        "X-EXPS NTLM",
        "XX",
        "XXXA",
        "XXxx TO:<a>",
        "XXXX<a>",
        "RCPT TO:<XXXX>",
        "**",
    ],
)
def test_what_is_no_mask(line: str) -> None:
    """Real verbs, mixed letters and too few of them are left alone."""
    assert mask(line) is None


def test_a_short_mask_names_its_alternatives() -> None:
    """Where nothing decides, all verbs of that length are named."""
    found = mask("XXXX")
    assert found is not None
    assert {"DATA", "QUIT", "RSET", "NOOP"} <= {found.original, *found.alternatives}


@pytest.mark.parametrize(
    ("line", "within", "offset"),
    [
        ("R¦CPT TO:<b>", "verb", 1),
        ("RCP¦T TO:<b>", "verb", 3),
        ("RCPT¦ TO:<b>", "argument", 4),
        ("RCPT TO:<b>¦", "argument", 11),
    ],
)
def test_where_a_seam_lies(line: str, within: str, offset: int) -> None:
    """Verb, argument and line end are told apart at their edges."""
    inside = masks.inside(command(line))
    assert inside is not None
    assert (inside.within, inside.offset) == (within, offset)


def test_paths() -> None:
    """Forward- and reverse-paths with and without brackets and parameters."""
    assert masks.path(b"RCPT TO:<a@b> NOTIFY=NEVER") == "a@b"
    assert masks.path(b"MAIL FROM:<>") == ""
    assert masks.path(b"MAIL FROM: a@b") == "a@b"
    assert masks.path(b"NOOP") == ""


@pytest.mark.parametrize(
    ("line", "quoted"),
    [
        (b'500 5.5.1 Command unrecognized: "XXXX TO:<b>"', b"XXXX"),
        (b"500 unrecognized 'XXXXXXXX'", b"XXXXXXXX"),
        (b'250 ok "XXXX"', None),
        (b"500 XXXX unquoted", None),
        (b'500 "XXX"', None),
    ],
)
def test_echoes(line: bytes, quoted: bytes | None) -> None:
    """Only a refusal that quotes a mask is an echo."""
    assert masks.echo((line,)) == quoted


# ---- keywords ----------------------------------------------------------------------------------


def decode(*lines: bytes, greeting: bytes = b"") -> tuple[Keyword, ...]:
    """The masked keywords of an EHLO reply."""
    marked = [b"250-" + line for line in (b"mx.example.net", *lines)]
    marked[-1] = b"250 " + marked[-1][4:]
    return keywords.masked(tuple(marked), greeting)


def test_the_order_of_a_product_decides() -> None:
    """The same mask is CHUNKING behind Exim's AUTH and STARTTLS behind Postfix's ETRN."""
    exim = decode(b"SIZE", b"PIPELINING", b"XXXXXXXA", b"STARTTLS", greeting=b"220 mx ESMTP Exim 4")
    postfix = decode(b"SIZE", b"ETRN", b"XXXXXXXA", b"8BITMIME", greeting=b"220 mx ESMTP Postfix")
    assert [word.original for word in exim + postfix] == ["CHUNKING", "STARTTLS"]


def test_a_mask_of_a_length_that_nothing_has() -> None:
    """A keyword that cannot be told is called so."""
    (word,) = decode(b"X" * 29 + b"A")
    assert (word.original, word.confidence) == ("", 0.0)


def test_masks_without_ordinals() -> None:
    """X alone and asterisks alone are masks of another device."""
    for letter in (b"X", b"*"):
        (word,) = decode(b"PIPELINING", b"ETRN", letter * 8, greeting=b"220 mx ESMTP Postfix")
        assert (word.original, word.ordinal) == ("STARTTLS", False)


def test_ordinals_rise_from_a() -> None:
    """Ordinals out of their order are no engine's."""
    assert decode(b"XXXB") == ()
    assert decode(b"XXXA", b"XXXC") == ()
    assert len(decode(b"XXXA", b"XXXB")) == 2


def test_a_reply_of_nothing_but_masks_is_decoded_in_time() -> None:
    """However many masks there are, the search ends."""
    assert len(decode(*(b"XXX%c" % (65 + n) for n in range(26)))) == 26


# ---- the clean side ----------------------------------------------------------------------------

ENVELOPE = "C: MAIL FROM:<a>\nC: RCPT TO:<b>\nC: RC¦PT TO:<c>\nC: RCPT TO:<d>\nS: 250 a\n"


@pytest.mark.parametrize(
    ("replies", "proof"),
    [
        ("S: 250 b\nS: 500 c\nS: 250 d", [0.85]),
        ("S: 250 b\nS: 502 c\nS: 250 d", [0.85]),
        ('S: 250 b\nS: 500 "XXXX TO:<c>"\nS: 250 d', [0.98]),
        ("S: 250 b\nS: 554 SMTP synchronization error\nS! FIN", [0.8]),
        ("S: 250 b\nS! RST", [0.6]),
        ("S: 250 b\nS: 554 spam\nS: 250 d", []),
        ("S: 250 b\nS: 550 c\nS: 250 d", []),
        ("S: 500 b\nS: 500 c\nS: 500 d", []),
        ("S: 250 b\nS: 250 c\nS: 250 d", []),
        ("S! RST", []),
    ],
)
def test_what_a_refusal_proves(replies: str, proof: list[float]) -> None:
    """Only exactly the split verb, refused as unknown among accepted ones, was masked."""
    found = cleanside.masked(transaction(ENVELOPE + replies + "\nC! FIN"))
    assert list(found.values()) == proof


# ---- the envelope ------------------------------------------------------------------------------


def test_an_envelope_with_masked_recipients() -> None:
    """Masked recipients belong to it, and are called damaged when they were refused."""
    mail = envelope.read(
        transaction(
            "C: MAIL FROM:<a>\nC: RCPT TO:<b>\nC: XXXX TO:<c>\nS: 250\nS: 250\nS: 500\nC! RST"
        )
    )
    assert (mail.sender, mail.recipients) == ("a", ("b", "c"))
    assert [(r.accepted, r.damaged) for r in mail.offered] == [(True, False), (False, True)]


@pytest.mark.parametrize(
    ("script", "open_"),
    [
        ("C: MAIL FROM:<a>\nS: 250\nC! RST", False),
        ("C: MAIL FROM:<a>\nC: RCPT TO:<b>\nS: 250\nS: 250\nC! RST", True),
        ("C: MAIL FROM:<a>\nC: RCPT TO:<b>\nS: 250\nS: 550\nC! RST", False),
        ("C: MAIL FROM:<a>\nC: RCPT TO:<b>\nS: 250\nC! RST", True),
        ("C: MAIL FROM:<a>\nS: 550\nC! RST", False),
    ],
)
def test_whether_a_message_could_still_be_accepted(script: str, *, open_: bool) -> None:
    """A transaction is undecided while a recipient is accepted or unanswered."""
    assert envelope.undecided(transaction(script)) is open_


# ---- the engine --------------------------------------------------------------------------------

MASKED = GREETED + (
    "C: MAIL FROM:<a@example.org>\nS: 250 ok\n"
    "C: XX|XX TO:<b@example.net>\nS: 500 unrecognized command\nC: QUIT\nS: 221 bye\n"
)


def test_a_rule_that_crashes_is_told_and_loses_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A bug in one rule is said with the rule and the flow, and the other rules go on."""

    def crash(*_: object) -> Iterator[Finding]:
        raise KeyError("gone")

    whole = findings(MASKED)
    monkeypatch.setattr(SplitMaskedVerb, "exchange", crash)
    monkeypatch.setattr(SplitMaskedVerb, "transaction", crash, raising=False)
    pipeline = Pipeline("story")
    pipeline.segments(play(MASKED))
    pipeline.finish()
    (detail,) = pipeline.take()
    left = [found.rule for found in detail.findings]
    assert left == [name for name in whole if name != "split-masked-verb"]
    assert "bug in rule split-masked-verb on flow 0: KeyError: 'gone'" in pipeline.bugs


def findings(script: str) -> list[str]:
    """The rules that fire on a transcript of one flow."""
    pipeline = Pipeline("story")
    pipeline.segments(play(script))
    pipeline.finish()
    return [found.rule for detail in pipeline.take() for found in detail.findings]


@pytest.mark.parametrize(
    "preface",
    [
        b"CONNECT mx.example.net:25 HTTP/1.1\r\n\r\n",
        b"\x05\x01\x00",
    ],
    ids=["http-connect", "socks"],
)
def test_mail_inside_a_tunnel_is_not_followed(preface: bytes) -> None:
    """SMTP behind SOCKS or HTTP CONNECT on their own ports is somebody else's dialogue."""
    greeting = b"\x05\x00" if preface[:1] == b"\x05" else b"HTTP/1.1 200 OK\r\n\r\n"
    said = (
        (Side.CLIENT, preface), (Side.SERVER, greeting),
        (Side.SERVER, b"220 mx.example.net ESMTP\r\n"), (Side.CLIENT, b"EHLO a\r\n"),
    )  # fmt: skip
    talk = Talk(turns=tuple(Turn(*each) for each in said))
    pipeline = Pipeline("tunnel")
    pipeline.segments(talk.play(Setting(server=Endpoint("192.0.2.25", 1080))))
    pipeline.finish()
    assert pipeline.take() == []
