"""How to make it happen again, with what everybody has."""

from __future__ import annotations

from typing import Final

from dissect.detect.finding import Finding
from dissect.dossier.case import Case
from dissect.dossier.document import Block, Bullets, Commands, Section, said

CAPTURE: Final = "tcpdump -n -i any -s 0 -w {place}.pcap 'host {host} and tcp port {port}'"

SCRIPT: Final = """\
python3 - SERVER PORT SENDER RECIPIENT <<'END'
import socket, sys, time
server, port, sender, recipient = sys.argv[1:]
talk = socket.create_connection((server, int(port)), timeout=60)
talk.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
answers = talk.makefile("rb")

def ask(*pieces):
    for piece in pieces:                # each in a packet of its own
        talk.sendall(piece.encode())
        time.sleep(0.3)
    while True:
        line = answers.readline()
        print(pieces, line)
        if line[3:4] != b"-":
            return

ask()
ask("EHLO seamark.test\\r\\n")
ask(f"MAIL FROM:<{sender}>\\r\\n")
ask(f"RCPT TO:<{recipient}>\\r\\n")
ask("RC", f"PT TO:<{recipient}>\\r\\n")
ask("QUIT\\r\\n")
END"""
"""Sends RCPT whole, and once more cut after two letters; no message is sent."""

SPLIT: Final = frozenset({"split-masked-verb", "lost-recipient", "sync-error", "lost-transaction"})
"""Rules of the decisive finding, or of what it cost, for which the script is the test."""

TLS: Final = "openssl s_client -connect SERVER:PORT -starttls smtp -brief"


def section(case: Case) -> Section | None:
    """A test of a minute where there is one; always the captures that show it again."""
    if case.decisive is None:
        return None
    finding = case.decisive.finding
    blocks: tuple[Block, ...] = (*_test(case, finding), *_again(case))
    return Section("reproduce", "How to reproduce it", blocks)


def _test(case: Case, finding: Finding) -> tuple[Block, ...]:
    """What is typed, and what it shows."""
    if finding.rule in SPLIT and finding.seam is not None:
        return (
            said(
                "From the sender's network, with the four words in the first line replaced; it "
                "asks for a recipient twice, once with the verb cut into two packets, and sends "
                "no message:"
            ),
            Commands(tuple(SCRIPT.splitlines())),
            said(
                "Without a device in between both get the same reply. With one that reads packet "
                "by packet, the cut one gets 500, or the connection ends."
            ),
        )
    if case.found("masked-ehlo-keyword") or case.found("starttls-stripped"):
        return (
            said("From the sender's network, and once more from another one:"),
            Commands((TLS,)),
            said("It succeeds where STARTTLS comes through, and fails where it is hidden."),
        )
    return ()


def _again(case: Case) -> tuple[Block, ...]:
    """The captures that show it again."""
    assert case.decisive is not None
    flow = case.decisive.detail.summary
    client, server, port = flow.client.address, flow.server.address, flow.server.port
    if case.redacted:
        client, server = "CLIENT", "SERVER"
    steps = (
        "Start both captures, one on the sender's side of the suspect and one on the server's.",
        "Send the same message again, or wait until the sender does.",
        "Stop both, and compare them. Where NAT changes an address, name the one seen there.",
    )
    return (
        said("With the same mail:"),
        Bullets(tuple((step,) for step in steps), numbered=True),
        Commands(
            (
                CAPTURE.format(place="inside", host=server, port=port),
                CAPTURE.format(place="outside", host=client, port=port),
                "seamark compare inside.pcap outside.pcap",
            )
        ),
    )
