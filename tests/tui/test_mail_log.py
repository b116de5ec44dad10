"""Lines of mail logs on the screen: in ladder, preview, column and filter, and in what is saved."""

from __future__ import annotations

import gzip
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tui_fakes import HOSTILE, START, case, founding, plain, progress, update
from tui_logs import (
    EXIM,
    EXIM_CAPTURE,
    LOGS,
    POSTFIX,
    POSTFIX_CAPTURE,
    command,
    needs_tshark,
    updates,
)
from tui_pilot import SIZES, Driver, running

from dissect.analysis.logged import FIRST, MOST, logs, with_log
from dissect.analysis.model import FlowLog, LogFacts, LogLine, RowKind, Status, Update
from dissect.maillog import Client, Entry, Line, Tie, Ties, What
from dissect.maillog.entry import Said
from tui import logged, transcript
from tui.app import SeamarkApp
from tui.columns import BY_ID, USUAL, with_column
from tui.feed import ProcessFeed
from tui.filtering import FilterError, parse
from tui.filtering.logline import pasted
from tui.ladder import Ladder, in_time
from tui.screens.ladder import LadderScreen
from tui.session import Session
from tui.settings import Screen
from tui.words import clock

sizes = pytest.mark.parametrize("size", SIZES)
COLUMNS: Final = with_column(USUAL, "log")


def line(
    time: float, text: str = "SMTP connection from [192.0.2.10]:33738 lost",
    what: What = What.LOST, ahead: float = 0.0, masked: str = "",
) -> LogLine:  # fmt: skip
    """A line of a log."""
    return LogLine("mainlog", 7, "exim", what, time, time + ahead, text, masked)


def told(*logs: FlowLog, offset: float | None = 0.0) -> tuple[Update, Update]:
    """The founding case, and what a log says of it."""
    flows = update(case(), Status.LOADING)
    count = sum(len(log.lines) for log in logs)
    facts = LogFacts(lines=count, tied=count, flows=len(logs), offset=offset)
    return flows, Update(progress=progress(), logs=logs, log=facts)


def session(capture: Path, *logs: Path) -> Session:
    """A session that has taken in what the worker tells of a capture and its logs."""
    found = Session()
    for each in updates(capture, *logs):
        found.feed(each)
    settle(found)
    return found


def settle(found: Session) -> None:
    """Do all that is pending."""
    while found.work(1.0):
        pass


def listed(found: Session, text: str) -> list[int]:
    """The flows that a filter lists, by the client's port."""
    found.narrow(parse(text))
    settle(found)
    return [found.store.summaries[flow].client.port for flow in found.view]


# ---- a real run of Exim -------------------------------------------------------------------------


@needs_tshark
@sizes
async def test_lines_of_a_real_log_stand_in_list_and_ladder(
    size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker ties Exim's lines; the column tells the worst of each flow, the ladder has all."""
    monkeypatch.chdir(EXIM.parent)
    feed = ProcessFeed(command(EXIM_CAPTURE, Path(EXIM.name)), capture="exim-sync-error.pcap")
    app = SeamarkApp(feed, title="exim-sync-error.pcap", screen=Screen(columns=COLUMNS))
    async with app.run_test(size=size) as pilot:
        seen = Driver(app, pilot, feed)  # type: ignore[arg-type]
        await seen.until("complete")
        assert "12 of 12 lines in 4 flows; the clocks agree" in seen.text
        cells = [row for row in seen.lines if "192.0.2.25" in row and "18:09" in row]
        assert [("3 sync XXXX" in row, "3 accepted" in row) for row in cells] == [
            (True, False), (False, True), (True, False), (True, False),
        ]  # fmt: skip
        await seen.press("enter")
        assert "18:09:44             log SMTP connection from [192.0.2.10]:33738" in seen.cursor
        assert f"{EXIM.name}:1" in seen.text
        await seen.press("G")
        assert "log SMTP protoco" in seen.cursor
        assert f"{EXIM.name}:3" in seen.text
        assert "stamped 2026-11-28" in seen.text


@needs_tshark
def test_log_sorts_by_the_worst() -> None:
    """Flows with a masked verb in their log come last, and first where the order is turned."""
    found = session(EXIM_CAPTURE, EXIM)
    found.sort(BY_ID["log"], reverse=False)
    assert next(iter(found.view)) == 1
    found.sort(BY_ID["log"], reverse=True)
    assert list(found.view)[-1] == 1


@needs_tshark
@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("log:synchronization", [33738, 33740, 33741]),
        ("log:/closed by QUIT$/", [33739]),
        ('log="" or is:logged', [33738, 33739, 33740, 33741]),
        ("not log:XXXX", [33739]),
        ("1xXMro-0000Lw-1k", [33739]),
        ("incomplete", [33738, 33740, 33741]),
    ],
)
def test_words_of_the_log_are_found(text: str, ports: list[int]) -> None:
    """By the field, and by a bare word that stands nowhere else."""
    assert listed(session(EXIM_CAPTURE, EXIM), text) == ports


@needs_tshark
def test_filter_takes_lines_in_that_come_behind_the_flows() -> None:
    """A log is read behind the captures; a filter that is there already lists what it brings."""
    found = Session()
    told_ = updates(EXIM_CAPTURE, EXIM)
    first = next(at for at, each in enumerate(told_) if each.logs)
    for each in told_[:first]:
        found.feed(each)
    settle(found)
    assert listed(found, "log:QUIT") == []
    for each in told_[first:]:
        found.feed(each)
    settle(found)
    assert [found.store.summaries[flow].client.port for flow in found.view] == [33739]


# ---- a pasted line ------------------------------------------------------------------------------


@needs_tshark
@pytest.mark.parametrize("read", [True, False])
@pytest.mark.parametrize(
    ("capture", "log", "count"), [(EXIM_CAPTURE, EXIM, 12), (POSTFIX_CAPTURE, POSTFIX, 100)]
)
def test_each_line_of_a_real_log_finds_its_flow(
    capture: Path, log: Path, count: int, *, read: bool
) -> None:
    """Pasted as it is, whether the log was read or not: by port, or by the message's name."""
    found = session(capture, *([log] if read else []))
    lines = log.read_text(encoding="utf-8").splitlines()
    wrong: dict[str, list[int]] = {}
    for each in lines:
        port = next((word for word in ("33738", "33739", "33740", "33741") if word in each), "")
        ports = listed(found, each)
        if len(ports) != 1 or (port and ports != [int(port)]):
            wrong[each] = ports
    assert (len(lines), wrong) == (count, {})


@needs_tshark
@pytest.mark.parametrize(
    "text",
    [
        "SMTP connection from [192.0.2.10]:33739 (TCP/IP connection count = 1)",
        "mainlog:17:2026-11-28 18:09:44 SMTP connection from [192.0.2.10]:33739 lost",
        "/var/log/exim4/mainlog.2.gz:2026-11-28 18:09:44 SMTP connection from [192.0.2.10]:33739",
        "  2026-11-28 19:09:44 +0100 SMTP connection from (x) [192.0.2.10]:33739 closed by QUIT  ",
        "2026-11-28 18:09:44.123 [4711] SMTP connection from [192.0.2.10]:33739 lost",
        "Nov 28 18:09:44 mx exim[4711]: SMTP connection from [192.0.2.10]:33739 lost",
        "<22>Nov 28 18:09:44 mx exim[4711]: SMTP connection from [192.0.2.10]:33739 lost",
        "postfix/smtpd[26624]: connect from unknown[192.0.2.10]:33739",
        "mx postfix/submission/smtpd[1]: lost connection after DATA from x[192.0.2.10]:33739",
        "2026-11-28 18:09:50 1xXMro-0000Lw-1k Completed",
        "Nov 28 18:09:44 gw postfix/smtp[9]: 3B60820C821: status=sent (queued as 1xXMro-0000Lw-1k)",
        '2026-11-28 18:09:44 1xXAAA-0000Aa-1A => a H=b [192.0.2.9] C="250 OK id=1xXMro-0000Lw-1k"',
    ],
)
def test_line_finds_its_flow_however_it_was_copied(text: str) -> None:
    """Without its stamp, behind what grep writes, in another form, or by the next hop's name."""
    assert listed(session(EXIM_CAPTURE), text) == [33739]


@pytest.mark.parametrize(
    ("stamp", "count"),
    [
        ("Nov 22 06:54:33", 1),
        ("Nov 22 07:54:33", 1),
        ("2026-11-22T09:54:33+03:00", 1),
        ("2026-11-22T09:54:33+00:00", 0),
    ],
)
def test_line_without_a_port_finds_by_time(stamp: str, count: int) -> None:
    """Of many flows of one client that which was there then; a zone that is not said may be any."""
    found = Session()
    found.feed(update([plain(number) for number in range(12)]))
    settle(found)
    assert clock(found.store.summaries[3].start) == "06:54:32"
    client = found.store.summaries[3].client.address
    found.narrow(parse(f"{stamp} mx sendmail[1]: NOQUEUE: connect from x [{client}]"))
    assert list(found.view) == [3] * count


def test_line_of_another_time_finds_nothing() -> None:
    """The same client, days before."""
    found = Session()
    found.feed(update(case()))
    settle(found)
    client = found.store.summaries[0].client
    assert listed(found, f"2026-11-01 18:09:44 SMTP connection from [{client.address}] lost") == []
    ported = f"[{client.address}]:{client.port}"
    assert listed(found, f"2026-11-01 18:09:44 SMTP connection from {ported} lost") == []


@pytest.mark.parametrize(
    "text",
    [
        "Nov 28 18:03:36 mx postfix/master[1]: daemon started -- version 3.7.11",
        'Nov 28 18:03:36 mx exim[1]: SMTP syntax error in "X H=[192.0.2.1]" H=[192.0.2.2] foo',
        "2026-11-28 18:09:44 exim 4.96 daemon started: pid=1, (no queue runs)",
    ],
)
def test_line_that_names_nothing_says_so(text: str) -> None:
    """Neither a client nor a message, or two clients: that is told, and no flow is guessed."""
    with pytest.raises(FilterError, match="names no message, and no client"):
        parse(text)


@pytest.mark.parametrize(
    "text", ["client:192.0.2.10", "2026-11-28", "time:10:15", "from:<>", "250-SIZE", '"H=x" [::1]']
)
def test_filters_are_no_lines(text: str) -> None:
    """Nothing that is typed as a filter is taken for a line."""
    assert pasted(text) is None
    assert parse(text).about == ""


@given(st.text(max_size=200), st.sampled_from(["", "2026-11-28 18:09:44 ", "postfix/smtpd[1]: "]))
def test_any_pasted_text_is_taken(text: str, stamp: str) -> None:
    """Whatever is pasted is a filter, or is refused; and it can be asked of a flow."""
    try:
        wanted = parse(stamp + text)
    except FilterError:
        return
    detail = founding(0)
    told_ = wanted.summary(detail.summary, Session())
    assert told_ is None or told_ is wanted.detail(detail, Session())


async def test_paste_says_whom_it_is_about() -> None:
    """Under the line that is typed in; Enter lists the flow."""
    async with running() as seen:
        client = seen.app.session.store.summaries[2].client
        await seen.press("slash")
        text = f"SMTP connection from [{client.address}]:{client.port} lost"
        seen.app.screen.query_one("#filter").action_edit("end")  # type: ignore[attr-defined]
        for key in text:
            await seen._pilot.press(_KEYS.get(key, key))
        await seen.settle()
        assert f"log line of {client.address}:{client.port}" in seen.lines[-2]
        await seen.press("enter")
        assert f"1 of them: log line of {client.address}:{client.port}" in seen.text


_KEYS: Final = {" ": "space", "[": "left_square_bracket", "]": "right_square_bracket",
                ".": "full_stop", ":": "colon"}  # fmt: skip


# ---- among the rows of a ladder -----------------------------------------------------------------


def test_rows_keep_their_numbers() -> None:
    """What refers to a row still does, and lines of a log are numbered beyond all rows."""
    detail = founding(0)
    both = with_log(detail, FlowLog(0, (line(START), line(START + 1))))
    assert both.rows[: len(detail.rows)] == detail.rows
    assert [row.number for row in both.rows[len(detail.rows) :]] == [FIRST, FIRST + 1]
    plain_, mixed = Ladder(detail), Ladder(both)
    assert [place.row for place in mixed.places] == [place.row for place in plain_.places]
    gone = replace(both, rows=both.rows[:3] + both.rows[-2:])
    assert max(place.row for place in Ladder(gone).places) == 2


def test_no_log_changes_nothing() -> None:
    """The value itself is given back."""
    detail = founding(0)
    assert with_log(detail, None) is detail
    assert with_log(detail, FlowLog(0, ())) is detail


def _order(*lines: LogLine) -> list[int]:
    """Where lines stand: how many rows of traffic are above each."""
    detail = with_log(founding(0), FlowLog(0, lines))
    order = in_time(detail.rows)
    assert sorted(order) == list(range(len(detail.rows)))
    seen = 0
    found = []
    for index in order:
        if detail.rows[index].kind is RowKind.LOG:
            found.append(seen)
        seen += detail.rows[index].kind is not RowKind.LOG
    return found


def test_exact_stamps_stand_at_their_time() -> None:
    """Behind what happened until then."""
    rows = founding(0).rows
    assert rows[4].time < rows[5].time
    assert _order(line(rows[4].time + 0.0001)) == [5]


def test_stamps_of_whole_seconds_stand_behind_what_they_can_be_about() -> None:
    """All of that second; but a connection is logged when it begins."""
    rows = founding(0).rows
    whole = float(int(START))
    connected = line(whole, "SMTP connection from", What.CONNECTED)
    assert _order(connected, line(whole)) == [1, len(rows)]
    assert _order(line(whole - 60), line(whole + 60)) == [1, len(rows)]


def test_connecting_comes_before_the_greeting() -> None:
    """Also where the ladder begins with it; behind the row of the handshake where there is one."""
    detail = founding(0)
    bare = replace(detail, rows=detail.rows[1:])
    connected = line(float(int(START)), "SMTP connection from", What.CONNECTED)
    rows = with_log(bare, FlowLog(0, (connected,))).rows
    assert rows[in_time(rows)[0]].kind is RowKind.LOG
    rows = with_log(detail, FlowLog(0, (connected,))).rows
    assert [rows[index].kind for index in in_time(rows)[:3]] == [
        RowKind.OPEN, RowKind.LOG, RowKind.GREETING,
    ]  # fmt: skip


@given(st.lists(st.floats(-100, 100), max_size=20))
def test_lines_keep_their_order(times: list[float]) -> None:
    """Whatever their times are."""
    lines = tuple(line(START + time) for time in sorted(times))
    detail = with_log(founding(0), FlowLog(0, lines))
    order = [index for index in in_time(detail.rows) if detail.rows[index].kind is RowKind.LOG]
    assert order == sorted(order)


async def test_clock_of_the_log_is_told() -> None:
    """Times are those of the capture; beside them stands what the log's clock said."""
    log = FlowLog(0, (line(float(int(START)), ahead=3600.0),))
    async with running(*told(log, offset=3600.0)) as seen:
        assert "1 of 1 lines in 1 flow; clock or zone 3,600.0 s ahead" in seen.text
        await seen.press("enter", "G")
        assert "06:51:28             log SMTP connection" in seen.cursor
        assert "stamped 2026-11-22 07:51:28" in seen.text
        assert "3,600.0 s ahead" in seen.text


async def test_rows_of_a_log_do_what_they_can() -> None:
    """They have no seam, no frame and no answer, and can be copied."""
    async with running(*told(FlowLog(0, (line(START + 0.0001),)))) as seen:
        await seen.press("enter", "j")
        screen = seen.app.screen
        assert isinstance(screen, LadderScreen)
        assert screen.view.row is not None
        assert screen.view.row.kind is RowKind.LOG
        for key, words in (("enter", "no seam"), ("f", "no frame"), ("r", "nothing answers")):
            await seen.press(key)
            assert words in seen.text, key
        assert screen.taken().value == b"SMTP connection from [192.0.2.10]:33738 lost"


async def test_preview_has_the_lines() -> None:
    """Below the list, at a glance."""
    async with running(*told(FlowLog(1, (line(START + 61.5001),))), size=(80, 45)) as seen:
        await seen.press("j")
        assert "log SMTP connection from [192.0.2.10]:33738 lost" in seen.text


async def test_comparison_leaves_them_out() -> None:
    """Two flows are compared by what was said in them."""
    async with running(*told(FlowLog(0, (line(START),)))) as seen:
        await seen.press("enter", "c")
        assert type(seen.app.screen).__name__ == "CompareScreen"
        assert "33738 lost" not in seen.text


# ---- hostile lines ------------------------------------------------------------------------------

_WORDS: Final = HOSTILE.decode("utf-8", "surrogateescape")


@pytest.mark.parametrize("ascii_only", [False, True])
@sizes
async def test_hostile_lines_steer_nothing(size: tuple[int, int], *, ascii_only: bool) -> None:
    """Escape sequences, markup and bidi in a line, in its verb and in the file's name."""
    bad = LogLine(_WORDS, 1, "exim", What.SYNC_ERROR, START, START + 9, _WORDS * 40, _WORDS)
    log = FlowLog(0, (bad, line(START + 1, f'x "{_WORDS}"', masked=_WORDS)))
    async with running(*told(log), size=size, ascii_only=ascii_only, columns=COLUMNS) as seen:
        for keys in ((), ("enter",), ("j",), ("G",), ("y",), ("escape",)):
            await seen.press(*keys)
            for strip in seen.strips:
                for segment in strip:
                    assert segment.text.isprintable(), ascii(segment.text)
                    assert not segment.control


@pytest.mark.parametrize("ascii_only", [False, True])
def test_saved_dialogue_has_the_lines(*, ascii_only: bool) -> None:
    """At their place, in full, marked as lines of a log, and harmless."""
    log = FlowLog(0, (line(START + 0.0001), line(START + 0.0002, _WORDS * 9, ahead=60.0)))
    text = transcript.text(with_log(founding(0), log), ascii_only=ascii_only)
    assert all(part.isprintable() for part in text.split("\n"))
    rows = text.splitlines()
    at = next(at for at, row in enumerate(rows) if "33738 lost" in row)
    assert rows[at].split() == [
        "0.000",
        "log",
        "SMTP",
        "connection",
        "from",
        "[192.0.2.10]:33738",
        "lost",
    ]
    assert "a line of mainlog, at its time by the capture's clock" in text


def test_saved_dialogue_tells_the_clock() -> None:
    """Where the log's differs."""
    log = FlowLog(0, (line(float(int(START)), ahead=-7.0),))
    text = transcript.text(with_log(founding(0), log), ascii_only=True)
    assert "the log's clock (or its time zone) is 7.0 s behind" in text


# ---- what they come to --------------------------------------------------------------------------


def test_words_of_a_column() -> None:
    """How many, the worst, and a masked verb."""
    assert logged.told(()).words == ""
    assert logged.told([line(1, what=What.OTHER)]).words == "1"
    some = [line(1, what=What.CONNECTED), line(2, what=What.ACCEPTED), line(3, what=What.LOST)]
    assert logged.told(some).words == "3 lost"
    masked = [*some, line(4, what=What.SYNC_ERROR, masked="XXXX")]
    assert logged.told(masked).words == "4 sync XXXX"
    assert logged.told(masked).rank > logged.told(some).rank > logged.told(()).rank
    assert set(logged.RANKS) == set(What)


def test_what_could_not_be_tied_is_told() -> None:
    """In the header's line."""
    facts = LogFacts(lines=9, tied=1, flows=1, offset=None, ambiguous=2, left_out=3)
    assert logged.summary(facts) == (
        "1 of 9 lines in 1 flow; nothing tells how the clocks differ; "
        "2 without a port fit several; 3 were too many to keep"
    )


# ---- the worker ---------------------------------------------------------------------------------


@needs_tshark
def test_lines_come_behind_the_flows() -> None:
    """So that the first flows are not kept waiting by a long log."""
    told_ = updates(EXIM_CAPTURE, EXIM)
    first = next(at for at, each in enumerate(told_) if each.logs)
    assert max(at for at, each in enumerate(told_) if each.summaries) < first
    assert sum(len(log.lines) for each in told_ for log in each.logs) == 12
    assert [each.log.tied for each in told_ if each.log is not None] == [12]


@needs_tshark
def test_rotated_and_compressed_logs(tmp_path: Path) -> None:
    """Several files, one of them gz, are one log."""
    lines = EXIM.read_bytes().splitlines(keepends=True)
    old, new = tmp_path / "mainlog.1.gz", tmp_path / "mainlog"
    old.write_bytes(gzip.compress(b"".join(lines[:5])))
    new.write_bytes(b"".join(lines[5:]))
    told_ = updates(EXIM_CAPTURE, old, new)
    assert [each.log.tied for each in told_ if each.log is not None] == [12]
    files = {each.file for told__ in told_ for log in told__.logs for each in log.lines}
    assert files == {str(old), str(new)}


@needs_tshark
def test_damaged_log_is_a_note(tmp_path: Path) -> None:
    """What was read before counts, the flows are there, and what is wrong is told."""
    cut, none = tmp_path / "cut.gz", tmp_path / "none"
    data = b"".join([EXIM.read_bytes(), *[b"#\n" * 90_000]])
    cut.write_bytes(gzip.compress(data, 0)[:-9_000])
    none.write_text("no log\n")
    last = updates(EXIM_CAPTURE, cut, none)[-1]
    assert last.progress.status.value == "complete"
    assert [warning for warning in last.progress.warnings if "cut.gz cannot be read" in warning]
    assert [warning for warning in last.progress.warnings if "none: no line of Exim" in warning]
    assert sum(len(log.lines) for each in updates(EXIM_CAPTURE, cut, none) for log in each.logs)


async def test_reading_of_a_log_is_told() -> None:
    """A long log takes a while after the flows are there."""
    loading = progress(Status.LOADING, bytes_read=9, bytes_total=9)
    flows = update(case(), Status.LOADING)
    async with running(flows, Update(progress=replace(loading, reading="mainlog"))) as seen:
        assert "reading the mail log" in seen.lines[0]
        assert "99%" not in seen.lines[0]


@needs_tshark
def test_worker_tells_which_log_it_reads() -> None:
    """Before it reads it, and no longer when it is done."""
    told_ = updates(EXIM_CAPTURE, EXIM)
    first = next(at for at, each in enumerate(told_) if each.logs)
    assert str(EXIM) in {each.progress.reading for each in told_[:first]}
    assert told_[-1].progress.reading == ""


def test_flow_keeps_so_many_lines() -> None:
    """A client that fills a log does not fill memory; how many are left out is known."""
    entry = Entry(1.0, "exim", Said(What.LOST, Client("192.0.2.1", 1)), "text")
    tied = tuple(Tie(4, Line("log", number, entry)) for number in range(MOST + 5))
    found = list(logs(Ties(tied=tied, offset=None, lines=0, ambiguous=0, left_out=0)))
    assert [(log.flow, len(log.lines), log.left_out) for log in found] == [(4, MOST, 5)]


def test_missing_log_is_told_before_the_screen() -> None:
    """With the exit code of the environment, and nothing on the screen."""
    words = [sys.executable, "-m", "tui", "open", str(EXIM_CAPTURE), "--log", str(LOGS / "no")]
    ran = subprocess.run(words, capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 3
    assert "there is no such file" in ran.stderr
