"""What an expectation of Suricata's tests says, as a question to our mails and flows.

An expectation is a filter and the number of events that pass it.  The index has left out for
which version of Suricata each holds: where a test has the same filter with several numbers, one
of them has to be ours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final, NamedTuple

from dissect.analysis.model import FlowDetail, Row, RowKind
from dissect.detect.traits import HELLOS
from dissect.evidence import Side
from oracles.mails import FAILURE, Mail, mails

LONGEST: Final = 4_096
"""Bytes of a command line that Suricata keeps."""
KEPT: Final = 1_000
"""Bytes beyond which our row's text may be capped."""

CODES: Final = frozenset({
    211, 214, 220, 221, 235, 250, 251, 252, 334, 354, 421, 432, 450, 451, 452, 454, 455, 500,
    501, 502, 503, 504, 521, 530, 534, 535, 538, 550, 551, 552, 553, 554, 555, 556,
})  # fmt: skip
"""Reply codes of RFC 5321 section 4.2.3, RFC 4954 section 6 and RFC 7504."""

KEYS: Final = {
    "email.": "headers, addresses and parts of the message, which is not read",
    "fileinfo.": "parts of the message and their hashes, which is not read",
    "alert.": "which rule fired: the rules' text is not there",
    "flow.": "packets and bytes counted until Suricata wrote the event, and its reason to write",
    "pcap_cnt": "the frame at which Suricata wrote the event, which differs between its versions",
    "anomaly.layer": "in which part of Suricata it was noticed",
    "anomaly.type": "in which part of Suricata it was noticed",
    "anomaly.app_proto": "always smtp",
}
"""Keys of a filter, or what they begin with, that are not compared, and why."""

MIME: Final = {
    "MIME_LONG_FILENAME": "a file name inside of the message",
    "MIME_LONG_LINE": "a line inside of the message",
    "MIME_LONG_ENC_LINE": "a line inside of the message",
}
"""Anomalies that are not ours, and why."""

DROPPED: Final = {
    f"firewall/ruletype-firewall-{name}": "the test's firewall rules drop the mail, so that its "
    "counts are of what they let pass and not of what is in the capture"
    for name in (
        "123-smtp-blocked-sender", "124-smtp-blocked-rcpt-to", "125-smtp-all-rcpts-required-drop",
        "129-smtp-rset-next-tx-blocked-sender", "133-smtp-out-of-order-commands",
        "136-smtp-multi-mail-blocked-sender",
    )
}  # fmt: skip
"""Tests that do not look at all of their capture, and why; what they do see is compared."""

OLDER: Final[dict[tuple[str, tuple[tuple[str, Any], ...]], str]] = {
    ("smtp-errors", (("anomaly.event", "INVALID_REPLY"),)): "the sum of Suricata before 9, which "
    "has none for the line without a code from port 49448 that version 9 reports",
}
"""Expectations of one version that another one contradicts, told by test and filter, and why."""

ENDS: Final = ("src_ip", "src_port", "dest_ip", "dest_port")


class Expectation(NamedTuple):
    """One filter of one test, and how many events pass it."""

    test: str
    kind: str
    """``smtp``, ``anomaly``, ``flow``, or another event; blank where the filter names none."""
    compared: tuple[tuple[str, Any], ...]
    """The keys that concern us."""
    whole: bool
    """Whether those are all keys of the filter."""
    times: int


def parse(raw: dict[str, Any]) -> Expectation:
    """An expectation of the index."""
    match = dict(raw["match"])
    kind = match.pop("event_type", "")
    match.pop("pcap_cnt", None)  # when, and not what
    ours = {key: value for key, value in match.items() if reason(key) is None}
    return Expectation(
        raw["test"], kind, tuple(sorted(ours.items())), len(ours) == len(match), raw["count"]
    )  # fmt: skip


def reason(key: str) -> str | None:
    """Why a key is not compared, if it is not."""
    return next((why for head, why in KEYS.items() if key.startswith(head)), None)


def ignored(expectation: Expectation) -> str:
    """Why an expectation is not compared at all; blank where it is."""
    named = dict(expectation.compared)
    smtp = [key for key in named if key.startswith(("smtp.", "tx_id"))]
    older = OLDER.get((expectation.test, expectation.compared), "")
    tests = (
        (bool(older), older),
        (named.get("anomaly.event") in MIME, "an anomaly inside of the message"),
        (
            expectation.test in DROPPED and (not expectation.times or not smtp),
            DROPPED.get(expectation.test, ""),
        ),
        (
            expectation.kind not in ("smtp", "anomaly", "flow") and not smtp,
            "nothing of the dialogue is in the filter, but which rule fired or which file was sent",
        ),
        (
            not expectation.times and not expectation.whole,
            "what must not be there is told by keys that are not compared",
        ),
    )
    return next((why for test, why in tests if test), "")


# What our rows show where Suricata has an anomaly.


def _commands(detail: FlowDetail) -> list[Row]:
    return [row for row in detail.rows if row.kind is RowKind.COMMAND]


def _answer(detail: FlowDetail, row: Row) -> int:
    """The code of the reply to a command, 0 without."""
    return next((r.code for r in detail.rows if r.number == row.partner), 0)


def _long_line(detail: FlowDetail) -> bool:
    return any(row.size > LONGEST for row in _commands(detail))


def _odd_reply(detail: FlowDetail) -> bool:
    """A line of the server that is no reply, a code that SMTP has not, or a bare CR or LF."""
    of_server = [row for row in detail.rows if row.side is Side.SERVER]
    unread = any(row.kind is RowKind.UNKNOWN for row in of_server)
    strange = any(row.code and row.code not in CODES for row in of_server)
    lines = [line for row in of_server if row.code for line in row.text.split(b"\r\n")]
    return unread or strange or any(b"\r" in line or b"\n" in line for line in lines)


def _second_hello(detail: FlowDetail) -> bool:
    said = [row for row in _commands(detail) if row.verb in HELLOS]
    return len([row for row in said if 0 < _answer(detail, row) < FAILURE]) > 1


def _refused_data(detail: FlowDetail) -> bool:
    return any(r.verb == "DATA" and _answer(detail, r) >= FAILURE for r in _commands(detail))


def _unread(detail: FlowDetail) -> bool:
    return any(row.kind is RowKind.UNKNOWN and row.side is Side.CLIENT for row in detail.rows)


def _pipelined(detail: FlowDetail) -> bool:
    return bool({"command-after-sync-point", "pipelining-not-offered"} & set(detail.summary.rules))


def _half_tls(detail: FlowDetail) -> bool:
    """TLS on one side, and cleartext SMTP on the other."""
    kinds = {(row.kind, row.side) for row in detail.rows}
    answered = {RowKind.GREETING, RowKind.REPLY, RowKind.UNKNOWN} & {
        kind for kind, side in kinds if side is Side.SERVER
    }
    client, server = ((RowKind.TLS, side) in kinds for side in Side)
    return client and bool(answered) and not server


ANOMALIES: Final[dict[str, Callable[[FlowDetail], bool]]] = {
    "TRUNCATED_LINE": _long_line,
    "INVALID_REPLY": _odd_reply,
    "DUPLICATE_FIELDS": _second_hello,
    "DATA_COMMAND_REJECTED": _refused_data,
    "UNPARSABLE_CONTENT": _unread,
    "INVALID_PIPELINED_SEQUENCE": _pipelined,
    "APPLAYER_DETECT_PROTOCOL_ONLY_ONE_DIRECTION": _half_tls,
}
"""Suricata's anomalies, and what our rows or findings have to show where one is."""

# The questions.


def ours(expectation: Expectation, details: Iterable[FlowDetail]) -> int:
    """How many of our mails, anomalies or flows pass the filter."""
    named = dict(expectation.compared)
    here = [detail for detail in details if _between(detail, named)]
    if expectation.kind == "anomaly":
        event = named.get("anomaly.event")
        asked = [holds for name, holds in ANOMALIES.items() if event in (None, name)]
        return sum(holds(detail) for detail in here for holds in asked)
    if expectation.kind == "flow":
        return sum(_speaks(detail, named) for detail in here)
    return sum(
        _passes(mail, number, named) for detail in here for number, mail in enumerate(mails(detail))
    )


def agrees(expectation: Expectation, number: int) -> bool:
    """Whether so many of ours are as many as expected.

    Where the filter has more than we compare, or the event is no mail, there must be one.
    """
    if expectation.whole and expectation.kind in ("smtp", "anomaly", "flow"):
        return number == expectation.times
    return number > 0 if expectation.times else True


def _between(detail: FlowDetail, named: dict[str, Any]) -> bool:
    """Whether the flow has the addresses and ports of the filter, either way round."""
    summary = detail.summary
    known = {*summary.client, *summary.server}
    return all(named[key] in known for key in ENDS if key in named)


def _speaks(detail: FlowDetail, named: dict[str, Any]) -> bool:
    """Whether the client speaks the protocol of the filter, and the server its own."""
    kinds = {(row.kind, row.side) for row in detail.rows}
    client = "tls" if (RowKind.TLS, Side.CLIENT) in kinds else "smtp"
    server = "tls" if (RowKind.TLS, Side.SERVER) in kinds else "smtp"
    wanted = named.get("app_proto", client), named.get("app_proto_tc", server)
    return (client, server) == wanted


def _passes(mail: Mail, number: int, named: dict[str, Any]) -> bool:
    """Whether a mail passes the filter."""
    tests: dict[str, Callable[[Any], bool]] = {
        "smtp.helo": lambda value: _named(mail, value.strip()),
        "smtp.mail_from": lambda value: mail.sender == value.strip("<> "),
        "tx_id": lambda value: number == value,
        "app_proto": lambda value: value == "smtp",
    }
    for place in range(2):
        tests[f"smtp.rcpt_to[{place}]"] = partial(_offered, mail, place)
    return all(tests[key](value) for key, value in named.items() if key not in ENDS)


def _offered(mail: Mail, place: int, value: str) -> bool:
    """Whether this is the mail's recipient at a place."""
    return mail.recipients[place : place + 1] == [value.strip("<> ")]


def _named(mail: Mail, value: str) -> bool:
    """Whether the mail's hello has this name, as far as it is kept."""
    return mail.helo == value or (mail.helo_size > KEPT and value.startswith(mail.helo))
