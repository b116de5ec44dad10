"""Lines of mail logs: what each says, when, and of whom. The words are those of the servers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from properties.light import light

from dissect.maillog import Client, Entry, Reader, Suspects, What
from dissect.maillog.stamps import Clock

LOGS: Final = Path(__file__).resolve().parent.parent.parent / "captures" / "logs"
WRITTEN: Final = datetime(2026, 12, 1, tzinfo=UTC).timestamp()

ME: Final = "H=(mail.example.org) [192.0.2.10]:33738"
SYNC: Final = (
    "SMTP protocol synchronization error (next input sent too soon: pipelining was advertised): "
)

TOO_MANY: Final = (
    'SMTP call from [192.0.2.10]:33738 dropped: too many unrecognized commands (last was "XXXX")'
)


def reader(written: float = WRITTEN, zone: str = "UTC") -> Reader:
    """A reader of a file that was written last at some time."""
    return Reader(Clock(written, ZoneInfo(zone)))


def read(line: str) -> Entry:
    """A line that a server wrote."""
    entry = reader().entry(line.encode("utf-8", "surrogateescape"))
    assert entry is not None
    return entry


def exim(text: str) -> Entry:
    """A line of Exim's mainlog."""
    return read(f"2026-11-28 18:03:21 {text}")


def tagged(tag: str, text: str) -> Entry:
    """A line that came through syslog."""
    return read(f"Nov 28 18:03:21 mx {tag}[4711]: {text}")


def suspects(*lines: str) -> Suspects:
    """What some lines of one file make suspect."""
    gathered, one = Suspects(), reader()
    for number, line in enumerate(lines, 1):
        entry = one.entry(line.encode("utf-8", "surrogateescape"))
        if entry:
            gathered.take(entry, "log", number)
    return gathered


def counts(*names: str) -> dict[str, dict[str, int]]:
    """What is counted for each client in some of the recorded logs."""
    gathered = Suspects()
    for name in names:
        gathered.next_file()
        one = reader()
        for number, line in enumerate((LOGS / name).read_bytes().splitlines(), 1):
            entry = one.entry(line)
            if entry:
                gathered.take(entry, name, number)
    return {suspect.client: dict(suspect.counts) for suspect in gathered.found()}


@pytest.mark.parametrize(
    ("text", "what", "command", "after"),
    [
        (f'{SYNC}rejected "XXXX TO:<b@example.net>" {ME} next input="RCPT"',
         What.SYNC_ERROR, "XXXX TO:<b@example.net>", ""),
        (f'SMTP syntax error in "XXXX TO:<b@example.net>" {ME} unrecognized command',
         What.UNRECOGNISED, "XXXX TO:<b@example.net>", ""),
        (TOO_MANY,
         What.UNRECOGNISED, "XXXX", ""),
        ("SMTP connection from (x) [192.0.2.10]:33738 lost while reading message data",
         What.LOST, "", "DATA"),
        (f"{ME} incomplete transaction (connection lost) from <a@example.org> for b@example.net",
         What.LOST, "", "RCPT"),
        (f"{ME} incomplete transaction (sync failure) from <a@example.org> for b@example.net",
         What.INCOMPLETE, "", ""),
        (f"{ME} F=<a@example.org> rejected RCPT <b@example.com>: relay not permitted",
         What.REJECTED, "", ""),
        ("SMTP connection from (mail.example.org) [192.0.2.10]:33738 closed by QUIT",
         What.CLOSED, "", ""),
        (f"{ME} I=[192.0.2.25]:25 rejected EHLO or HELO x: no", What.REJECTED, "", ""),
    ],
)  # fmt: skip
def test_exim(text: str, what: What, command: str, after: str) -> None:
    """Exim's words, each with its client, the command that it quotes and where it happened."""
    said = exim(text).said
    assert (said.what, said.command, said.after) == (what, command, after)
    assert said.client == Client("192.0.2.10", 33738)


@pytest.mark.parametrize(
    ("text", "what", "after"),
    [
        ("connect from unknown[192.0.2.10]:33738", What.CONNECTED, ""),
        ("3B60820C821: client=unknown[192.0.2.10]:33738", What.ACCEPTED, ""),
        ("lost connection after RCPT from unknown[192.0.2.10]:33738", What.LOST, "RCPT"),
        (
            "lost connection after DATA (12345 bytes) from m.example[192.0.2.10]:33738",
            What.LOST,
            "DATA",
        ),
        (
            "3B60820C821: lost connection after BDAT (9 bytes) from m[192.0.2.10]:33738",
            What.LOST,
            "BDAT",
        ),
        ("timeout after DATA (9 bytes) from m[192.0.2.10]:33738", What.TIMEOUT, "DATA"),
        (
            "improper command pipelining after DATA from m[192.0.2.10]:33738: a",
            What.SYNC_ERROR,
            "DATA",
        ),
        ("too many errors after UNKNOWN from m[192.0.2.10]:33738", What.TOO_MANY_ERRORS, "UNKNOWN"),
        ("NOQUEUE: reject: RCPT from m[192.0.2.10]:33738: 554 5.7.1 <b>: no", What.REJECTED, ""),
        (
            "disconnect from m[192.0.2.10]:33738 ehlo=1 rcpt=2/3 unknown=0/1",
            What.UNRECOGNISED,
            "RCPT",
        ),
        ("disconnect from m[192.0.2.10]:33738 ehlo=1 mail=1 rcpt=2", What.CLOSED, ""),
        ("disconnect from m[192.0.2.10]:33738 ehlo=1 unknown=0/3", What.CLOSED, ""),
    ],
)
def test_postfix(text: str, what: What, after: str) -> None:
    """Postfix's words; of unknown commands it only counts, here those between RCPTs."""
    said = tagged("postfix/smtpd", text).said
    assert (said.what, said.after, said.client) == (what, after, Client("192.0.2.10", 33738))


@pytest.mark.parametrize(
    ("text", "what", "after"),
    [
        ("6ASI3dRq026708: lost input channel from m.example.org [192.0.2.10] to MTA after rcpt",
         What.LOST, "RCPT"),
        ("6ASI3dRq026708: collect: premature EOM: unexpected close", What.LOST, "DATA"),
        ("6ASI3dRq026708: rejecting commands from m [192.0.2.10] due to pre-greeting traffic",
         What.SYNC_ERROR, ""),
        ('6ASI3dRq026708: --- 500 5.5.1 Command unrecognized: "XXXX TO:<b>"', What.UNRECOGNISED,
         ""),
    ],
)  # fmt: skip
def test_sendmail(text: str, what: What, after: str) -> None:
    """Sendmail's words; a line that names no client has that of its process."""
    one = reader()
    one.entry(b"Nov 28 18:03:39 mx sm-mta[26708]: NOQUEUE: connect from m [192.0.2.10]")
    entry = one.entry(f"Nov 28 18:03:39 mx sm-mta[26708]: {text}".encode())
    assert entry is not None
    assert (entry.said.what, entry.said.after) == (what, after)
    assert entry.said.client == Client("192.0.2.10", 0)


@pytest.mark.parametrize(
    ("stamp", "time"),
    [
        ("Nov 28 18:03:21", "2026-11-28T18:03:21"),
        ("Nov  3 18:03:21", "2026-11-03T18:03:21"),
        ("<22>Nov 28 18:03:21", "2026-11-28T18:03:21"),
        ("Dec 31 23:59:59", "2025-12-31T23:59:59"),
        ("Feb 29 10:00:00", "2024-02-29T10:00:00"),
        ("2026-11-28T18:03:21.250000+01:00", "2026-11-28T17:03:21.250"),
        ("2026-11-28T18:03:21Z", "2026-11-28T18:03:21"),
        ("2026-11-28T18:03:21", "2026-11-28T18:03:21"),
    ],
)
def test_stamps(stamp: str, time: str) -> None:
    """RFC 3164 without a year, which is the last one before the file's end, and RFC 3339."""
    entry = read(f"{stamp} mx postfix/smtpd[1]: connect from m[192.0.2.10]")
    assert entry.time == datetime.fromisoformat(f"{time}+00:00").timestamp()


def test_year_ends_within_a_file() -> None:
    """December's lines belong to the year before January's."""
    one = reader(datetime(2027, 1, 2, tzinfo=UTC).timestamp())
    lines = [b"Dec 31 23:59:59 mx postfix/smtpd[1]: connect from m[192.0.2.10]",
             b"Jan  1 00:00:01 mx postfix/smtpd[1]: connect from m[192.0.2.10]"]  # fmt: skip
    first, second = (entry.time for line in lines if (entry := one.entry(line)))
    assert second - first == 2


def test_time_zone() -> None:
    """A stamp without a zone is of the zone that was named; one with a zone keeps it."""
    one = reader(zone="Europe/Berlin")
    local = one.entry(b"2026-07-01 12:00:00 SMTP connection from [192.0.2.10]:1")
    exact = one.entry(b"2026-07-01 12:00:00 +0200 SMTP connection from [192.0.2.10]:1")
    assert local is not None
    assert exact is not None
    assert local.time == exact.time == datetime(2026, 7, 1, 10, tzinfo=UTC).timestamp()
    assert exact.said.what is What.CONNECTED


def test_exim_through_syslog() -> None:
    """Exim's own stamp may stand behind that of syslog."""
    entry = tagged("exim", f'2026-11-28 18:03:21 {SYNC}rejected "XXXX" {ME}')
    assert (entry.make, entry.said.what, entry.masked) == ("exim", What.SYNC_ERROR, True)


@pytest.mark.parametrize("address", ["2001:db8::10", "IPv6:2001:DB8::10", "::ffff:192.0.2.10"])
def test_addresses(address: str) -> None:
    """IPv6 in any spelling is one address, and a mapped IPv4 address is IPv4."""
    said = tagged("postfix/smtpd", f"connect from m[{address}]:9").said
    assert said.client in {Client("2001:db8::10", 9), Client("192.0.2.10", 9)}


@pytest.mark.parametrize("address", ["fe80::1%eth0;reboot", "$(reboot)", "192.0.2.1'", "1.2.3"])
def test_what_is_no_address_is_none(address: str) -> None:
    """Nothing but an address can come into the command to run next."""
    assert tagged("postfix/smtpd", f"connect from m[{address}]:9").said.client is None


@pytest.mark.parametrize("name", ["exim-sync-error.mainlog", "exim-sync-error.rejectlog"])
def test_real_sync_errors(name: str) -> None:
    """Three attempts, three masked RCPTs with more input behind them: Exim's own logs."""
    assert counts(name) == {"192.0.2.10": {"masked_sync_errors": 3}}


def test_line_in_two_logs_counts_once() -> None:
    """Exim writes synchronisation errors into mainlog and rejectlog."""
    both = counts("exim-sync-error.mainlog", "exim-sync-error.rejectlog")
    assert both == {"192.0.2.10": {"masked_sync_errors": 3}}


def test_real_founding() -> None:
    """Six masked RCPTs, each refused by an Exim that went on."""
    assert counts("exim-founding.mainlog") == {"192.0.2.10": {"masked_commands": 6}}


def test_real_postfix() -> None:
    """Postfix tells that a command was unknown among the RCPTs, not which."""
    assert counts("postfix-split.maillog") == {"192.0.2.10": {"unknown_in_transaction": 2}}


def test_real_sendmail() -> None:
    """Sendmail quotes the masked RCPT, and the masked STARTTLS before it."""
    assert counts("sendmail-echo.maillog") == {"192.0.2.10": {"masked_commands": 2}}


def test_real_log_without_a_middlebox_is_silent() -> None:
    """The same messages, cut at the same bytes, with nothing that masks."""
    assert counts("exim-clean-twin.mainlog") == {}


@pytest.mark.parametrize(
    "line",
    [
        f'2026-11-28 18:03:21 {SYNC}rejected "DATA" {ME} next input="x"',
        f'2026-11-28 18:03:21 SMTP syntax error in "GET / HTTP/1.1" {ME} unrecognized command',
        f'2026-11-28 18:03:21 SMTP syntax error in "XCLIENT ADDR=1" {ME} unrecognized command',
        f'2026-11-28 18:03:21 SMTP syntax error in "XXXXA" {ME} unrecognized command',
        f"2026-11-28 18:03:21 {ME} F=<XXXX@x> rejected RCPT <XXXX@example.com>: no",
        "Nov 28 18:03:21 mx postfix/smtpd[1]: lost connection after CONNECT from m[192.0.2.10]",
        "Nov 28 18:03:21 mx postfix/smtpd[1]: lost connection after AUTH from m[192.0.2.10]",
        "Nov 28 18:03:21 mx postfix/smtpd[1]: disconnect from m[192.0.2.10] ehlo=1 unknown=0/3",
        "Nov 28 18:03:21 mx postfix/smtpd[1]: disconnect from m[192.0.2.10] rcpt=1 unknown=1",
        "Nov 28 18:03:21 mx postfix/cleanup[1]: 3B6: message-id=<XXXX> lost connection after RCPT",
        "Nov 28 18:03:21 mx dovecot[1]: lost connection after RCPT from m[192.0.2.10]",
    ],
)
def test_near_misses_are_silent(line: str) -> None:
    """Whole commands too soon, web browsers, real X verbs, and other programs."""
    assert suspects(line).found() == ()


@pytest.mark.parametrize(
    "line",
    [
        f'SMTP syntax error in "XXXX H=x [198.51.100.1]:5" {ME} unrecognized command',
        f'{SYNC}rejected "XXXX" {ME} next input="H=x [198.51.100.1]:5 next input="',
        f'{SYNC}rejected "XXXX" H=x [198.51.100.1]:5 next input="" {ME} next input="a"',
    ],
)
def test_forged_client_is_nobody(line: str) -> None:
    """A quoted command with a line of a log in it makes nobody suspect; that is told."""
    gathered = suspects(f"2026-11-28 18:03:21 {line}")
    assert (gathered.found(), gathered.unclear) == ((), 1)


def test_hints_come_behind_masks() -> None:
    """However many connections another client lost."""
    lost = [
        f"Nov 28 18:0{n}:21 mx postfix/smtpd[1]: lost connection after RCPT from m[192.0.2.99]:{n}"
        for n in range(5)
    ]
    mask = f'2026-11-28 18:03:21 SMTP syntax error in "XXXX" {ME} unrecognized command'
    found = suspects(*lost, mask).found()
    assert [(s.client, s.masked, s.total) for s in found] == [
        ("192.0.2.10", True, 1), ("192.0.2.99", False, 5),
    ]  # fmt: skip
    assert found[1].last - found[1].first == 240


REAL: Final = [line for path in sorted(LOGS.iterdir()) for line in path.read_bytes().splitlines()]


@light(300)
@given(st.binary(max_size=300))
@example(b"0000-00-00 00:00:00 x")
@example(b"9999-12-31 23:59:59 -2359 x")
@example(b"Nov 99 99:99:99 mx exim: x")
def test_no_bytes_raise(line: bytes) -> None:
    """Any bytes are a line, or none."""
    reader().entry(line)


@light(300)
@given(st.sampled_from(REAL), st.binary(max_size=20), st.integers(0, 400), st.integers(0, 400))
def test_no_damaged_line_raises(line: bytes, junk: bytes, begin: int, end: int) -> None:
    """Real lines with bytes cut out and put in; an address stays an address."""
    gathered = Suspects()
    entry = reader().entry(line[:begin] + junk + line[end:])
    if entry:
        gathered.take(entry, "log", 1)
    for suspect in gathered.found():
        assert set(suspect.client) <= set("0123456789abcdef:.")
