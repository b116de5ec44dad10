"""What Arkime's and ipfixprobe's own tests expect of the public captures, against our dialogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from oracles.disagreements import known
from oracles.mails import mails
from oracles.shared import FOLDER, NEEDED, codes, index, peers, reading, tls, verbs

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dissect.analysis.model import FlowDetail

pytestmark = NEEDED

FILES: Final = [file for file, _ in peers("arkime")] or ["none"]

HEADERS: Final = frozenset({"filename", "host", "id", "subject", "useragent"})
"""Of the message, which is not read."""

SESSION: Final = {
    "dst": "read with the session: which flow it is",
    "src": "read with the session: which flow it is",
    "sport": "read with the session: which flow it is",
    "dport": "read with the session: which flow it is",
    "tcpflags": "counts of TCP's control bits, not of SMTP",
    "spkts": "packets by side, which we do not count",
    "dpkts": "packets by side, which we do not count",
    "initRTT": "the time of the handshake",
    "user": "a name out of an AUTH exchange, which is masked",
    "protocol": "how the session was chosen",
    "tags": "starttls is read; the others are about headers, addresses and certificates",
}
"""Fields of Arkime's sessions that are not compared, and why."""
COMPARED: Final = frozenset({"email", "tls", "pkts"})

FLOWS: Final = {
    "PACKETS": "packets by side, which we do not count",
    "PACKETS_REV": "packets by side, which we do not count",
    "SMTP_COMMAND_FLAGS": "a bit for each verb, in ipfixprobe's own order",
    "SMTP_STAT_CODE_FLAGS": "a bit for each code, in ipfixprobe's own order",
    "DST_PORT": "read with the flow: which one it is",
    "SRC_PORT": "read with the flow: which one it is",
}
"""Fields of ipfixprobe that are not compared, and why."""


def _flow(file: str, session: dict[str, Any]) -> FlowDetail | None:
    end = (session["src"], session["sport"])
    details = reading(FOLDER / file).details
    return next((detail for detail in details if tuple(detail.summary.client) == end), None)


def _sessions(file: str) -> list[dict[str, Any]]:
    """Arkime's sessions that are SMTP, and have packets."""
    given = index()[file]["peers"]["arkime"]
    return [s for s in given if "smtp" in (s["protocol"] or ()) and s["pkts"]]


def _differences(file: str) -> Iterator[str]:
    """What Arkime and we say otherwise of a capture."""
    for session in _sessions(file):
        detail = _flow(file, session)
        if detail is None:
            yield f"{session['sport']}: not followed"
            continue
        for name, ours, theirs in _pairs(detail, session):
            if ours != theirs:
                yield f"{session['sport']}: {name} {ours!r} and {theirs!r}"


def _pairs(detail: FlowDetail, session: dict[str, Any]) -> Iterator[tuple[str, object, object]]:
    """What of a session can be compared, ours and theirs; Arkime writes names in small letters."""
    found, email = mails(detail), session["email"]
    people = {path.lower() for mail in found for path in mail.recipients}
    yield "dst", people, set(email.get("dst", ()))
    senders = {mail.sender.lower() for mail in found} - {""}
    yield "src", senders - set(email.get("src", ())), set()  # theirs has From headers too
    yield "smtpHello", {mail.helo.lower() for mail in found} - {""}, set(email.get("smtpHello", ()))
    yield "tls", tls(detail), session["tls"]
    yield "pkts", detail.summary.frames, session["pkts"]
    yield "starttls", "STARTTLS" in verbs(detail), "smtp:starttls" in (session["tags"] or ())


@pytest.mark.parametrize("file", FILES)
def test_sessions_are_those_of_arkime(file: str) -> None:
    """Name, paths, packets, STARTTLS and TLS of each session, but for what is known."""
    assert set(_differences(file)) == known("arkime", file)


def test_nothing_of_arkime_is_dropped() -> None:
    """Every field of an SMTP session is compared or has its reason."""
    for file, _ in peers("arkime"):
        for session in _sessions(file):
            assert set(session) <= {*SESSION, *COMPARED}
            assert set(session["email"]) - HEADERS <= {"src", "dst", "smtpHello"}


@pytest.mark.parametrize("file", [file for file, _ in peers("ipfixprobe")] or ["none"])
def test_counts_are_those_of_ipfixprobe(file: str) -> None:
    """Replies by their first digit, MAIL and RCPT commands, name and first paths."""
    (detail,) = reading(FOLDER / file).details
    (mail,) = mails(detail)
    ours = {
        f"SMTP_{digit}XX_STAT_CODE_COUNT": str(sum(c[0] == str(digit) for c in codes(detail)))
        for digit in range(2, 6)
    }
    ours |= {f"SMTP_{v}_CMD_COUNT": str(verbs(detail).count(v)) for v in ("MAIL", "RCPT")}
    ours |= {
        "SMTP_DOMAIN": f'"{mail.helo}"',
        "SMTP_FIRST_SENDER": f'" <{mail.sender}>"',
        "SMTP_FIRST_RECIPIENT": f'" <{mail.recipients[0]}>"',
    }
    theirs = index()[file]["peers"]["ipfixprobe"]
    assert {name: value for name, value in theirs.items() if name not in FLOWS} == ours


def test_all_peers_are_heard() -> None:
    """No other tool's expectations are in the index; ``files`` names tests that have no numbers."""
    names = {name for entry in index().values() for name in entry["peers"]}
    assert names == {"zeek", "suricata", "arkime", "ipfixprobe", "files"}
