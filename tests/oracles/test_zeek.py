"""What Zeek's own tests expect of the public captures, against our dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from dissect.analysis.model import FlowDetail, RowKind
from oracles.disagreements import known
from oracles.mails import FAILURE, Mail, mails
from oracles.shared import FOLDER, NEEDED, peers, reading, tls
from oracles.wireshark import frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = NEEDED

Row = dict[str, str]

FILES: Final = [file for file, _ in peers("zeek")] or ["none"]

NONE: Final = "-"

NOT_OURS: Final = {
    "from": "a header of the message, which is not read",
    "to": "a header of the message, which is not read",
    "subject": "a header of the message, which is not read",
    "ts": "not in the expectation either: Zeek's tests replace it",
    "uid": "Zeek's own label",
    "notice": "whether Zeek's notice framework was told",
    "peer": "which Zeek process wrote it",
    "source": "which of Zeek's analysers wrote it",
    "addl": "Zeek's own words for what is wrong with the line",
    "name": "read with the row, by WEIRD",
    "id.orig_h": "read with the row: which flow it is",
    "id.orig_p": "read with the row: which flow it is",
    "id.resp_h": "read with the row: which flow it is",
    "id.resp_p": "read with the row: which flow it is",
}
"""Columns of Zeek's logs that are not compared, and why."""

LOGS: Final = {
    "conn.log": "Zeek's counts of bytes and packets of TCP connections, not of SMTP",
    "conn.log.cut": "columns of conn.log; empty in the index",
    "files.log.cut": "parts of messages and their hashes; empty in the index",
}
"""Logs that are not compared, and why."""

MIME: Final = {
    "base64_illegal_encoding": "an encoding inside of a message",
    "exceeded_mime_max_header_bytes": "a header inside of a message",
}
"""Weird events that are not ours, and why."""


def _bad_bdat(detail: FlowDetail) -> bool:
    """A BDAT that no chunk followed and that was refused."""
    rows = {row.number: row for row in detail.rows}
    chunks = any(row.kind is RowKind.MESSAGE for row in detail.rows)
    asked = [row for row in detail.rows if row.verb == "BDAT" and row.partner is not None]
    refused = [row for row in asked if rows[row.partner or 0].code >= FAILURE]
    return bool(refused) and not chunks


WEIRD: Final[dict[str, Callable[[FlowDetail], bool]]] = {"smtp_invalid_bdat_command": _bad_bdat}
"""Weird events, and what our rows have to show where they are."""

FIELDS: Final[dict[str, Callable[[Mail], str]]] = {
    "helo": lambda mail: mail.helo,
    "mailfrom": lambda mail: mail.sender,
    "rcptto": lambda mail: ",".join(sorted(mail.recipients)),
    "last_reply": lambda mail: mail.replies[-1].decode() if mail.replies else "",
    "path": lambda mail: (
        f"{mail.detail.summary.server.address},{mail.detail.summary.client.address}"
    ),
    "tls": lambda mail: "T" if tls(mail.detail) else "F",
    "trans_depth": lambda mail: str(mails(mail.detail).index(mail) + 1),
}
"""Columns of smtp.log, and what we have for them; the path beyond its ends is from headers."""


def _theirs(column: str, value: str) -> str:
    """A column in the form in which we have it."""
    if column == "rcptto":
        value = ",".join(sorted(value.split(",")))
    if column == "path":
        value = ",".join(value.split(",")[:2])
    return "" if value == NONE else value


def _there(file: str, row: Row) -> bool:
    """Whether the connection of a row is in this capture; some tests read several."""
    ends = {(row["id.orig_h"], int(row["id.orig_p"])), (row["id.resp_h"], int(row["id.resp_p"]))}
    return any({f.source, f.destination} == ends for f in frames(FOLDER / file).values())


def _flow(file: str, row: Row) -> FlowDetail | None:
    """Our flow of a row."""
    end = (row["id.orig_h"], int(row["id.orig_p"]))
    details = reading(FOLDER / file).details
    return next((detail for detail in details if tuple(detail.summary.client) == end), None)


def _rows(file: str, log: str) -> Iterator[Row]:
    """The rows of a log about connections of this capture."""
    for of_test in dict(peers("zeek"))[file].get(log, {}).values():
        yield from (row for row in of_test if _there(file, row))


def _differences(file: str) -> Iterator[str]:
    """What Zeek and we say otherwise of a capture."""
    for row in _rows(file, "smtp.log"):
        detail = _flow(file, row)
        if detail is None:
            yield f"{row['id.orig_p']}: not followed"
            continue
        found = mails(detail)
        depth = int(row["trans_depth"])
        if depth > len(found):
            yield f"{row['id.orig_p']}: no mail {depth}"
            continue
        for column, ours in FIELDS.items():
            pair = ours(found[depth - 1]), _theirs(column, row[column])
            if pair[0] != pair[1]:
                yield f"{row['id.orig_p']}: {column} {pair[0]!r} and {pair[1]!r}"
    for row in _rows(file, "weird.log"):
        detail = _flow(file, row)
        if row["name"] in WEIRD and (detail is None or not WEIRD[row["name"]](detail)):
            yield f"{row['id.orig_p']}: {row['name']}"


@pytest.mark.parametrize("file", FILES)
def test_mails_are_those_of_zeek(file: str) -> None:
    """Name, paths, last reply and TLS of each mail, and what is weird, but for what is known."""
    assert set(_differences(file)) == known("zeek", file)


@pytest.mark.parametrize("file", FILES)
def test_as_many_mails_as_zeek(file: str) -> None:
    """Where Zeek lists a connection, we have as many mails of it."""
    deepest: dict[str, int] = {}
    for row in _rows(file, "smtp.log"):
        port = row["id.orig_p"]
        deepest[port] = max(deepest.get(port, 0), int(row["trans_depth"]))
    ours = {
        str(detail.summary.client.port): len(mails(detail))
        for detail in reading(FOLDER / file).details
    }
    assert {port: ours[port] for port in deepest if port in ours} == {
        port: depth for port, depth in deepest.items() if port in ours
    }


@pytest.mark.parametrize("file", FILES)
def test_a_weird_event_is_where_zeek_has_it(file: str) -> None:
    """What our rows show as weird, Zeek reports, where its logs speak of the connection."""
    logged = {row["id.orig_p"] for row in _rows(file, "smtp.log")}
    theirs = {(row["id.orig_p"], row["name"]) for row in _rows(file, "weird.log")}
    ours = {
        (str(detail.summary.client.port), name)
        for detail in reading(FOLDER / file).details
        for name, holds in WEIRD.items()
        if holds(detail)
    }
    assert {pair for pair in ours if pair[0] in logged} <= theirs


def test_nothing_is_dropped() -> None:
    """Every log, column and weird event of Zeek's is compared or has its reason."""
    for _, logs in peers("zeek"):
        for log, of_tests in logs.items():
            assert log in LOGS or log in ("smtp.log", "weird.log")
            for row in (row for rows in of_tests.values() for row in rows if log not in LOGS):
                assert set(row) <= {*FIELDS, *NOT_OURS}
                assert log != "weird.log" or row["name"] in {*WEIRD, *MIME}


def test_every_row_is_of_some_capture() -> None:
    """Rows about connections that are not in a capture are about one that is beside it."""
    seen = {
        (row["id.orig_h"], row["id.orig_p"]): False
        for _, logs in peers("zeek")
        for rows in logs.get("smtp.log", {}).values()
        for row in rows
    }
    for file, logs in peers("zeek"):
        for rows in logs.get("smtp.log", {}).values():
            for row in rows:
                seen[row["id.orig_h"], row["id.orig_p"]] |= _there(file, row)
    assert all(seen.values()), [ends for ends, there in seen.items() if not there]
