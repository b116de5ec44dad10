"""Two flows side by side: which lines belong together, what differs, and whom to lay beside."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_fakes import HOSTILE, START, Script, founding, hostile, many, odd, plain, update
from tui_pilot import SIZES, Driver, running

from dissect.analysis.model import FlowDetail, Outcome, Recipients, Row, RowKind, Status
from dissect.detect.finding import Severity
from dissect.evidence import Endpoint, Side
from tui import beside, candidates, difference, line, transcript
from tui.beside import Beside, Column
from tui.difference import Difference, Kind, compare
from tui.line import Line, Role
from tui.look import ASCII, UNICODE, Look
from tui.privacy import Privacy
from tui.screens.compare import CompareScreen
from tui.screens.ladder import LadderScreen

sizes = pytest.mark.parametrize("size", SIZES)
looks = pytest.mark.parametrize("glyphs", [UNICODE, ASCII])


def _flow(talk: Script, flow: int = 0, **more: Any) -> FlowDetail:
    summary = replace(plain(flow).summary, **more)
    return FlowDetail(summary=summary, rows=tuple(talk.rows), findings=())


def _signs(found: Difference) -> list[str]:
    """Each pair as ``left = right``."""
    signs = {Kind.SAME: "=", Kind.CHANGED: "!", Kind.LEFT: "<", Kind.RIGHT: ">"}
    texts = []
    for pair in found.pairs:
        left, right = (
            "" if rung is None else detail.rows[rung.row].text[rung.start : rung.end].decode()
            for detail, rung in ((found.left, pair.left), (found.right, pair.right))
        )
        texts.append(f"{left} {signs[pair.kind]} {right}".strip())
    return texts


def _one(left: Row, right: Row, **more: Any) -> tuple[Difference, tuple[str, ...]]:
    """Two flows of a row each, and why they differ."""
    flows = [
        FlowDetail(summary=plain(0).summary, rows=(row,), findings=()) for row in (left, right)
    ]
    other = replace(flows[1], summary=replace(flows[1].summary, **more))
    found = compare(flows[0], other)
    assert len(found.pairs) == 1
    return found, found.pairs[0].why


# Which lines belong together.


def test_a_masked_verb_lies_beside_what_it_was() -> None:
    """The same envelope before and behind a middlebox differs in one verb, and nowhere else."""
    damaged = founding(0)
    rows = [
        row._replace(text=b"RCPT" + row.text[4:], verb="RCPT", masked=(), original="")
        if row.verb == "XXXX"
        else row._replace(masked=(), text=b"220 mx.example.net") if row.number == 1
        else row
        for row in damaged.rows
    ]  # fmt: skip
    found = compare(damaged, replace(damaged, rows=tuple(rows)))
    assert [found.pairs[at].why for at in found.stops()] == [
        ("the greeting is masked",),
        ("the verb is masked",),
    ]
    assert "XXXX TO:<recipient0006@cam.example.net> ! RCPT TO:<recipient0006@cam.example.net>" in (
        _signs(found)
    )


def test_what_one_side_lacks_stands_where_it_was_said() -> None:
    """Recipients that only one envelope has, and their replies, do not shift what follows."""
    left, right = Script(), Script()
    for talk, names in ((left, b"abc"), (right, b"acd")):
        talk.reply(b"250 ok", talk.command(b"MAIL FROM:<me@x>"))
        asked = [talk.command(b"RCPT TO:<%c@y>" % name) for name in names]
        for row in asked:
            talk.reply(b"250 %s" % row.text[9:10], row)
        talk.reply(b"354 go", talk.command(b"DATA"))
    assert _signs(compare(_flow(left), _flow(right))) == [
        "MAIL FROM:<me@x> = MAIL FROM:<me@x>",
        "250 ok = 250 ok",
        "RCPT TO:<a@y> = RCPT TO:<a@y>",
        "RCPT TO:<b@y> <",
        "RCPT TO:<c@y> = RCPT TO:<c@y>",
        "> RCPT TO:<d@y>",
        "250 a = 250 a",
        "250 b <",
        "250 c = 250 c",
        "> 250 d",
        "DATA = DATA",
        "354 go = 354 go",
    ]


def test_other_envelopes_are_matched_by_their_verbs() -> None:
    """Another sender and other recipients are no difference; their number is."""
    left, right = Script(), Script()
    for talk, names in ((left, b"ab"), (right, b"xyz")):
        talk.command(b"MAIL FROM:<%c@x> SIZE=%d" % (names[0], names[0]))
        for name in names:
            talk.command(b"RCPT TO:<%c@y>" % name)
    found = compare(_flow(left), _flow(right))
    assert not found.same_mail
    assert _signs(found) == [
        "MAIL FROM:<a@x> SIZE=97 = MAIL FROM:<x@x> SIZE=120",
        "RCPT TO:<a@y> = RCPT TO:<x@y>",
        "RCPT TO:<b@y> = RCPT TO:<y@y>",
        "> RCPT TO:<z@y>",
    ]
    assert found.tones(1) == (
        difference.Tones(weak=((9, 10),)),
        difference.Tones(weak=((9, 10),)),
    )


def test_keywords_are_matched_by_name() -> None:
    """Missing, masked and added keywords of an EHLO reply stand in lines of their own."""
    left, right = Script(), Script()
    right_text = b"250-mx\r\n250-SIZE 99\r\n250-STARTTLS\r\n250-CHUNKING\r\n250 HELP"
    left_text = (
        b"250-mx\r\n250-SIZE 5\r\n250-XXXXXXXA\r\n250-XXXXXXXB\r\n250-AUTH LOGIN\r\n250 HELP"
    )
    left.reply(
        left_text, left.command(b"EHLO a"), original="STARTTLS, ?",
        masked=((24, 32), (38, 46)),
    )  # fmt: skip
    right.reply(right_text, right.command(b"EHLO b"))
    found = compare(_flow(left), _flow(right))
    assert _signs(found) == [
        "EHLO a = EHLO b",
        "250-mx = 250-mx",
        "250-SIZE 5 = 250-SIZE 99",
        "250-XXXXXXXA ! 250-STARTTLS",
        "250-XXXXXXXB ! 250-CHUNKING",
        "250-AUTH LOGIN <",
        "250 HELP = 250 HELP",
    ]
    assert found.pairs[3].why == ("the keyword is masked",)
    assert found.stops() == [3, 4, 5]


def test_transactions_follow_each_other() -> None:
    """The second message of a session lies beside the second one."""
    left, right = Script(), Script()
    for talk, tries in ((left, 2), (right, 3)):
        for _ in range(tries):
            talk.command(b"MAIL FROM:<a@x>")
            talk.command(b"RCPT TO:<b@y>")
            talk.command(b"DATA")
    found = compare(_flow(left), _flow(right))
    assert [pair.kind for pair in found.pairs] == [Kind.SAME] * 6 + [Kind.RIGHT] * 3


# What differs.


def _command(text: bytes, **more: Any) -> Row:
    return Script().command(text, **more)


def _reply(text: bytes, **more: Any) -> Row:
    return Script().reply(text, **more)


@pytest.mark.parametrize(
    ("left", "right", "why"),
    [
        (_command(b"EHLO one.example"), _command(b"ehlo two.example"), ()),
        (_command(b"NOOP"), _command(b"NOOP hello"), ("the argument",)),
        (_command(b"AUTH PLAIN ####"), _command(b"AUTH PLAIN ######"), ()),
        (_command(b"AUTH PLAIN ####"), _command(b"AUTH LOGIN"), ("the argument",)),
        (_command(b"BDAT 10 LAST"), _command(b"BDAT 99 LAST"), ()),
        (_command(b"BDAT 10 LAST"), _command(b"BDAT 10"), ("the argument",)),
        (_command(b"MAIL FROM:<a@x> SIZE=1"), _command(b"MAIL FROM:<b@x> SIZE=2"), ()),
        (
            _command(b"MAIL FROM:<a@x> BODY=7BIT"),
            _command(b"MAIL FROM:<a@x> BODY=8BITMIME"),
            ("the parameters",),
        ),
        (_command(b"RCPT TO:<a@x>"), _command(b"RCPT TO:<a@"), ("the address",)),
        (_reply(b"250 2.1.5 ok"), _reply(b"250 2.1.5 fine"), ()),
        (_reply(b"250 2.1.5 ok"), _reply(b"250 2.0.0 ok"), ("the enhanced status code",)),
        (_reply(b"250 ok"), _reply(b"550 no"), ("the reply code",)),
        (Script().split(b"DATA", 2), _command(b"DATA"), ("a seam",)),
        (
            Script().about(RowKind.CLOSE, "closes", Side.CLIENT),
            Script().about(RowKind.CLOSE, "closes", Side.SERVER),
            (),
        ),
        (
            Script().say(RowKind.MESSAGE, b"message data, 9 bytes in 1 segment"),
            Script().say(RowKind.MESSAGE, b"message data without its end, 9 bytes in 1 segment"),
            ("the end of the data",),
        ),
        (
            Script().say(RowKind.GREETING, b"220 mx Exim 4.96 Sun, 22 Nov 2026", code=220),
            Script().say(RowKind.GREETING, b"220 mx Exim 4.96 Mon, 23 Nov 2026", code=220),
            (),
        ),
        (
            Script().say(RowKind.GREETING, b"220 mx Exim", code=220),
            Script().say(RowKind.GREETING, b"220 proxy ready", code=220),
            ("the words",),
        ),
    ],
)  # fmt: skip
def test_what_matters_is_a_difference(left: Row, right: Row, why: tuple[str, ...]) -> None:
    """Codes, parameters, seams and ends are; names, sizes, texts and times are not."""
    assert _one(left, right)[1] == why


def test_another_server_may_greet_otherwise() -> None:
    """Only one and the same server is held to its words."""
    left = Script().say(RowKind.GREETING, b"220 one ESMTP", code=220)
    right = Script().say(RowKind.GREETING, b"220 two ESMTP", code=220)
    assert _one(left, right)[1] == ("the words",)
    assert _one(left, right, server=Endpoint("198.51.100.99", 25))[1] == ()


def test_who_closes_first_matters_where_nobody_said_quit() -> None:
    """It is told once."""
    flows = []
    for sides in ((Side.CLIENT, Side.SERVER), (Side.SERVER, Side.CLIENT)):
        talk = Script()
        for side in sides:
            talk.about(RowKind.CLOSE, "closes (FIN)", side)
        flows.append(_flow(talk, phase="data"))
    found = compare(*flows)
    assert [pair.why for pair in found.pairs] == [("who closes first",), ()]


@pytest.mark.parametrize(
    ("left", "right", "strong"),
    [
        (b"RCPT TO:<a@b>", b"RSET TO:<a@b>", ()),
        (b"MAIL FROM:<a@x> BODY=7BIT", b"MAIL FROM:<a@x> BODY=8BITMIME", (b"7BIT", b"8BITMIME")),
        (b"MAIL FROM:<a@x>", b"MAIL FROM:<a@x> BODY=8BITMIME", (b"", b" BODY=8BITMIME")),
        (b"NOOP", b"NOOP hello", (b"", b" hello")),
    ],
)
def test_the_differing_part_is_marked(left: bytes, right: bytes, strong: tuple[bytes, ...]) -> None:
    """Between the words that both lines begin and end with."""
    flows = [_flow(talk) for talk in (Script(), Script())]
    rows = [_command(text) for text in (left, right)]
    found = compare(*(replace(flow, rows=(row,)) for flow, row in zip(flows, rows, strict=True)))
    if not strong:
        assert [pair.kind for pair in found.pairs] == [Kind.LEFT, Kind.RIGHT]
        return
    for text, tones, part in zip((left, right), found.tones(0), strong, strict=True):
        assert b"".join(text[low:high] for low, high in tones.strong) == part


def test_a_run_that_one_side_lacks_is_one_stop() -> None:
    """But for what is odd in it: a mask, a seam, a refusal, a reset."""
    left, right = Script(), Script()
    for name in b"abcdef":
        left.command(b"RCPT TO:<%c@x>" % name)
    left.split(b"XXXX TO:<g@x>", 2, masked=((0, 4),), original="RCPT")
    left.command(b"RCPT TO:<h@x>")
    left.about(RowKind.RESET, "resets the connection (RST)", Side.SERVER)
    right.command(b"NOOP")
    found = compare(_flow(left), _flow(right))
    assert found.stops() == [0, 6, 8, 9]
    assert [found.pairs[at].why for at in found.stops()] == [
        (),
        ("masked", "a seam"),
        ("reset",),
        (),
    ]


_ROWS = st.lists(st.binary(max_size=30), max_size=12)


@given(_ROWS, _ROWS)
def test_every_line_is_there_once_and_in_order(left: list[bytes], right: list[bytes]) -> None:
    """Whatever was said, both flows can be read from top to bottom."""
    flows = []
    for texts in (left, right):
        talk = Script()
        for at, text in enumerate(texts):
            command = talk.command(text)
            if at % 2:
                talk.say(RowKind.REPLY, b"250-" + text, partner=command.number, code=250)
        flows.append(_flow(talk))
    found = compare(*flows)
    for flow, side in zip(flows, (0, 1), strict=True):
        each = [(pair.left, pair.right)[side] for pair in found.pairs]
        rungs = [rung for rung in each if rung is not None]
        assert [(rung.row, rung.start) for rung in rungs] == sorted(
            (rung.row, rung.start) for rung in rungs
        )
        assert {rung.row for rung in rungs} == set(range(len(flow.rows)))
    for at in range(len(found.pairs)):
        found.tones(at)


# How it is drawn.


def _is_safe(pieces: Line, glyphs: Look) -> bool:
    text = line.text(pieces)
    return text.isprintable() and (not glyphs.ascii_only or text.isascii())


@looks
@pytest.mark.parametrize("cells", [77, 78, 110, 158])
def test_both_sides_fit_whatever_was_said(glyphs: Look, cells: int) -> None:
    """Each side keeps to its column, titles and pane keep to the screen, and nothing steers."""
    flows = [founding(0), plain(1), odd(2), hostile(3, 20_000)]
    for left in flows:
        for right in flows:
            both = Beside(left, right)
            for at in range(len(both)):
                shown = beside.draw(both, at, cells, glyphs)
                assert _is_safe(shown, glyphs)
                assert line.width(shown) <= cells
            for side in Column:
                titles = beside.heading(both, side, cells, glyphs)
                assert all(line.width(title) <= cells for title in titles)
                pane = beside.about(both, len(both) - 1, side, cells, glyphs)
                assert all(_is_safe(each, glyphs) for each in (*titles, *pane))


@looks
def test_the_sign_between_two_lines_tells_how_they_compare(glyphs: Look) -> None:
    """Without colour, too."""
    both = Beside(founding(0), plain(1))
    shown = [line.text(beside.draw(both, at, 78, glyphs))[38:39] for at in range(len(both))]
    assert set(shown) == ({"=", "#", "<", ">"} if glyphs.ascii_only else {"=", "≠", "<", ">"})


def test_a_difference_far_along_a_line_stays_in_sight() -> None:
    """A side of 37 cells is cut around what differs."""
    texts = (b"MAIL FROM:<" + b"a" * 90 + b"@x> BODY=7BIT", b"MAIL FROM:<b@x> BODY=8BITMIME")
    flows = []
    for text in texts:
        talk = Script()
        talk.command(text)
        flows.append(_flow(talk))
    shown = beside.draw(Beside(*flows), 0, 77, UNICODE)
    assert "7BIT" in line.text(shown)[:37]
    assert [piece.text for piece in shown if piece.role is Role.ACCENT] == [
        "7BIT",
        " ≠ ",
        "8BITMIME",
    ]


def test_two_captures_are_named() -> None:
    """The same connection seen twice is told apart by the file."""
    here = founding(0)
    there = replace(here, summary=replace(here.summary, flow=9, capture="x/founding-before.pcap"))
    titles = beside.heading(Beside(here, there), Column.LEFT, 158, UNICODE)
    assert "founding-behind.pcap" in line.text(titles[1])
    assert "founding-before.pcap" in line.text(titles[1])


# Whom to lay beside.


def _summary(flow: int, **more: Any) -> Any:
    return replace(plain(flow).summary, flow=flow, **more)


LOST = {"outcome": Outcome.LOST, "severity": Severity.CRITICAL}


def test_the_best_partner_of_a_damaged_flow_has_passed() -> None:
    """The same envelope, then the same client and server, then the same server, then time."""
    damaged = _summary(5, **LOST)
    server = damaged.server
    envelope = {"reverse_path": "bob@example.com", "recipients": Recipients(1, 1)}
    other = {"client": Endpoint("192.0.2.99", 1), "reverse_path": "else@example.com"}
    choices = [
        _summary(9, **other, start=START),
        _summary(7, reverse_path="x@example.com"),
        _summary(1, reverse_path="x@example.com"),
        _summary(90, **envelope),
        _summary(80, **envelope),
        _summary(4, **LOST),
        _summary(3, **other, server=Endpoint("203.0.113.1", 25)),
    ]
    assert all(each.server == server for each in choices[:-1])
    assert candidates.partners(damaged, [damaged, *choices]) == [80, 90, 7, 1, 9, 4]
    assert candidates.reason(damaged, choices[4]) == "the same envelope"
    assert candidates.reason(damaged, choices[-1]) == ""


def test_the_best_partner_of_a_sound_flow_is_damaged() -> None:
    """The nearest one."""
    sound = _summary(5)
    choices = [_summary(4), _summary(8, **LOST), _summary(1, **LOST), _summary(6)]
    assert candidates.partner(sound, choices) == 8


def test_the_same_connection_elsewhere_goes_first() -> None:
    """Before and behind a middlebox there is nothing better."""
    here = _summary(5, **LOST)
    there = _summary(50, capture="before.pcap", client=here.client, start=here.start + 0.01)
    assert candidates.partner(here, [here, _summary(4), there]) == 50
    late = replace(there, start=here.start + 60)
    assert candidates.reason(here, late) == "the same envelope"


def test_a_flow_that_passed_with_damage_is_laid_beside_one_without() -> None:
    """Else beside one that did not pass; beside encrypted ones, too."""
    marred = _summary(5, severity=Severity.CRITICAL)
    hidden = _summary(9, outcome=Outcome.ENCRYPTED, severity=None)
    assert candidates.partner(marred, [_summary(4, **LOST), _summary(30)]) == 30
    assert candidates.partner(marred, [_summary(4, **LOST), hidden]) == 9
    assert (
        candidates.partner(marred, [_summary(6, severity=Severity.HIGH), _summary(4, **LOST)]) == 4
    )


def test_nothing_in_common_is_nothing_to_compare() -> None:
    """Neither server nor client; and empty connections tell nothing."""
    alone = _summary(5, **LOST)
    far = {"server": Endpoint("203.0.113.1", 25), "client": Endpoint("203.0.113.2", 9)}
    empty = _summary(4, outcome=Outcome.EMPTY)
    assert candidates.partner(alone, [alone, _summary(6, **far), empty]) is None


def test_a_hundred_thousand_flows_are_passed_once() -> None:
    """An iterator is enough."""
    summaries = many(100_000).summaries
    assert candidates.partner(summaries[500], iter(summaries)) == 499


# The screen.


async def _compared(seen: Driver) -> CompareScreen:
    await seen.press("enter", "c")
    screen = seen.app.screen
    assert isinstance(screen, CompareScreen)
    return screen


@sizes
async def test_differences_are_walked_and_told(size: tuple[int, int]) -> None:
    """From one to the next and back, with what differs and the findings in the pane."""
    async with running(size=size) as seen:
        screen = await _compared(seen)
        for words in ("flow 0 beside 1", "differences", "▾ flow 0  192.0.2.10:33738", "rcpt 11/12"):
            assert words in seen.text, words
        assert "≠" in seen.cursor or "=" in seen.cursor
        assert screen.view.beside is not None
        stops = screen.view.beside.stops
        wanted = [at for at in stops if at > screen.view.cursor]
        visited = []
        for _ in wanted:
            await seen.press("n")
            visited.append(screen.view.cursor)
        assert visited == wanted
        await seen.press("n")
        assert "no difference further on" in seen.text
        await seen.press("p")
        assert screen.view.cursor == stops[-2]


@sizes
async def test_the_masked_verb_is_a_stop(size: tuple[int, int]) -> None:
    """It is seen in its column, and explained below."""
    async with running(size=size) as seen:
        screen = await _compared(seen)
        assert screen.view.beside is not None
        for _ in screen.view.beside.stops:
            if "XX┊XX" in seen.cursor:
                break
            await seen.press("n")
        assert "XX┊XX TO:" in seen.cursor
        assert "masked, a seam" in seen.text
        assert "XX┊XX TO:<recipient0006@cam.example.net>" in seen.text


@sizes
async def test_enter_opens_the_ladder_of_the_side_with_the_keys(size: tuple[int, int]) -> None:
    """Left or right, at the row; where that side has none, at the last one before."""
    async with running(size=size) as seen:
        await _compared(seen)
        await seen.press("l")
        assert "▾ flow 1" in seen.text
        await seen.press("j", "j", "enter")
        assert isinstance(seen.app.screen, LadderScreen)
        assert "flow 1" in seen.lines[0]
        assert "EHLO mail.example.com" in seen.cursor
        await seen.press("q", "enter", "c", "right", "left", "G", "enter")
        assert isinstance(seen.app.screen, LadderScreen)
        assert "flow 0" in seen.lines[0]
        assert "reset by the server" in seen.cursor


async def test_other_flows_are_laid_beside_the_same_one() -> None:
    """Space and b go through what suits, the best first, and stop at its ends."""
    async with running() as seen:
        screen = await _compared(seen)
        assert screen.flows[Column.RIGHT] == 1
        await seen.press("j", "j", "space")
        assert "EHLO exchange.example.org" in seen.cursor
        second = screen.flows[Column.RIGHT]
        assert second not in {0, 1}
        assert f"flow 0 beside {second}" in seen.text
        await seen.press("b")
        assert screen.flows[Column.RIGHT] == 1
        await seen.press("b")
        assert "no flow further on" in seen.text


@sizes
async def test_a_click_chooses_the_side_and_a_second_one_opens(size: tuple[int, int]) -> None:
    """The mouse does what the arrows and Enter do."""
    async with running(size=size) as seen:
        screen = await _compared(seen)
        await seen._pilot.click("#main", offset=(size[0] - 10, 2))
        await seen.settle()
        assert (screen.view.side, screen.view.cursor) == (Column.RIGHT, 2)
        await seen._pilot.click("#main", offset=(size[0] - 10, 2))
        await seen.settle()
        assert isinstance(seen.app.screen, LadderScreen)
        assert "flow 1" in seen.lines[0]


async def test_flows_that_grow_are_compared_again() -> None:
    """The cursor stays on its row."""
    whole, sound = founding(0), plain(1)
    short = replace(whole, rows=whole.rows[:6])
    async with running(update([short, sound], Status.LOADING)) as seen:
        screen = await _compared(seen)
        await seen.press("j", "j")
        before = seen.cursor
        assert screen.view.beside is not None
        lines = len(screen.view.beside)
        seen.feed.more(update([whole], Status.LOADING))
        await seen.settle()
        assert len(screen.view.beside) > lines
        assert seen.cursor[:38] == before[:38]


async def test_names_are_hidden_at_once() -> None:
    """Privacy reaches both columns, the titles and the pane."""
    async with running() as seen:
        await _compared(seen)
        await seen.press("x")
        assert "192.0.2.10" not in seen.text
        assert "example" not in seen.text


async def test_a_flow_without_a_dialogue_yet_is_named() -> None:
    """A summary can come before its rows."""
    first = update([founding(0), plain(1)], Status.LOADING)
    async with running(replace(first, details=first.details[:1])) as seen:
        await seen.press("enter", "c")
        assert isinstance(seen.app.screen, CompareScreen)
        assert "one of the two has no dialogue yet" in seen.text
        await seen.press("n", "l", "space", "b", "j", "enter")


# A dialogue as text.


def test_a_transcript_reads_like_the_dialogue() -> None:
    """Who it was between, what was said and done, with seams and originals, and the findings."""
    text = transcript.text(founding(0), ascii_only=False)
    for words in (
        "flow 0    192.0.2.10:33738 → 198.51.100.25:25\n",
        "capture   founding-behind.pcap  tcp.stream eq 0\n",
        "outcome   lost in data, 0 messages accepted, recipients 11/12\n",
        "┊         a packet ends here and the next one begins\n",
        "   0.012  C:  EHLO exchange.example.org\n",
        "   0.048  C:  XX┊XX TO:<recipient0006@cam.example.net>  [was RCPT]\n",
        "   0.104  S:  500 unrecognized command\n",
        "(C) 1,448 bytes of message data sent again\n",
        "\nfindings\n\n◆ critical ",
        "impact    The recipient got no mail",
    ):
        assert words in text, words
    assert "┊" not in transcript.text(plain(1), ascii_only=False)


def test_a_transcript_without_seams_is_what_was_said() -> None:
    """For pasting where the mark would be taken for a byte."""
    text = transcript.text(founding(0), ascii_only=False, seams=False)
    assert "XXXX TO:<recipient0006@cam.example.net>  [was RCPT]" in text
    assert "a packet ends here" not in text


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_transcript_of_hostile_words_is_safe(ascii_only: bool) -> None:  # noqa: FBT001
    """Nothing of a packet steers the terminal that it is shown on, or forges a line."""
    text = transcript.text(hostile(0, 20_000), ascii_only=ascii_only)
    assert all(row.isprintable() for row in text.split("\n"))
    assert not ascii_only or text.isascii()
    talk = Script()
    talk.command(HOSTILE + b"\n   0.000  S:  250 forged")
    forged = transcript.text(_flow(talk), ascii_only=ascii_only)
    assert not any(row.lstrip().startswith("0.000  S:") for row in forged.split("\n"))


def test_a_transcript_hides_names_with_privacy() -> None:
    """What is hidden on the screen is hidden in what is taken out of it."""
    text = transcript.text(founding(0), ascii_only=True, privacy=Privacy(on=True))
    assert "example" not in text
    assert "192.0.2" not in text
    assert "XX|XX TO:<u" in text
