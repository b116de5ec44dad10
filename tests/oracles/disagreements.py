"""Where others read a public capture otherwise than we do: what, who is right, and why.

An entry with ``right="they"``, or with a ``truth``, is a bug of ours; it is tested for what is
right, and marked as failing until it is mended.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Disagreement(NamedTuple):
    """One thing that is read in two ways."""

    oracle: str
    """``streams`` (the index's own reading), ``zeek``, ``suricata``, ``arkime``, ``wireshark``."""
    capture: str
    what: str
    """As the tests name it."""
    right: str
    """``we``, ``they``, ``both`` (each by its own rule), ``nobody``."""
    why: str
    truth: tuple[str, ...] = ()
    """Where nobody is right: what it is."""

    @property
    def bug(self) -> bool:
        """Whether we have to change."""
        return self.right == "they" or bool(self.truth)


DISAGREEMENTS: Final = (
    Disagreement(
        "streams", "PcapPlusPlus__Smtp.pcap", "verbs of stream 0", "nobody",
        "Frame 2 is 'AUTH LOGIN', frame 3 the 334 to it, frames 4 and 5 are the user name and the "
        "password. The index takes the password for a command. We take AUTH LOGIN for an answer, "
        "because the 334 overtakes frame 2, which waits for bytes that the capture lacks, and tell "
        "nothing of frames 4 and 5.",
        ("AUTH", "AUTHRESP", "AUTHRESP"),
    ),
    Disagreement(
        "streams", "arkime__smtp-nospaces.pcap", "verbs of stream 0", "we",
        "Frame 14 is 'test', behind DATA in frame 12, which frame 16 answers with 354: message "
        "data that came early, and no command TEST.",
    ),
    Disagreement(
        "streams", "arkime__smtp-subject-windows.pcap", "verbs of stream 0", "we",
        "The message is part of frame 4 and ends with bare LFs; frame 18, '250 2.0.0 ... Message "
        "accepted for delivery', shows that the server saw its end.",
    ),
    Disagreement(
        "streams", "arkime__socks5-smtp-503.pcap", "stream 0 is not followed", "both",
        "Frames 5 to 11 are a SOCKS 5 handshake on port 1080, and the SMTP is inside of the "
        "tunnel. The index reads the handshake as a command; we follow no connection that does not "
        "begin as SMTP, and say nothing of it.",
    ),
    Disagreement(
        "streams", "suricata-verify__smtp-bug-5989.pcap", "verbs of stream 0", "nobody",
        "Frame 4 claims 5,002 bytes of one line; the replies in frames 6 to 19 have sequence "
        "numbers inside of it, and the client's acknowledgments (133 in frame 7) fit them only. "
        "The index reads the message as 150 commands. We keep the bytes that came first, so AUTH "
        "has no reply, and nothing behind it is read.",
    ),
    Disagreement(
        "streams", "suricata-verify__smtp-bug-6053.pcap", "verbs of stream 0", "we",
        "Frames 12 and 16 are both 334: frame 14 is the user name, frame 18 the password. The "
        "greeting (frames 4 and 8) swallows the reply to EHLO; the first 334 can answer only AUTH. "
        "The index takes the user name for a command.",
    ),
    Disagreement(
        "streams", "suricata-verify__detect-email-received.pcap", "verbs of stream 0", "we",
        "Frames 38 to 56 are message data: frame 34 is DATA and frame 36 the 354, which nothing "
        "else can get. The index takes the header lines for commands.",
    ),
    Disagreement(
        "streams", "suricata-verify__smtp-errors__smtperr.pcap", "verbs of stream 0", "both",
        "Frame 4 is 1,024 random bytes. They have four line ends, and the server answers 500 to "
        "each line; what a verb of them is depends on what is taken for a blank.",
    ),
    Disagreement(
        "streams", "suricata-verify__smtp-errors__smtperr.pcap", "codes of stream 3", "we",
        "Port 465: the server greets in clear (frame 149), the client sends a Client Hello (frame "
        "151), and the server answers '402 4.5.2 Error: command not recognized' and its like in "
        "clear (frame 153), which the index does not read.",
    ),
    Disagreement(
        "streams", "suricata-verify__smtp-tls-protodetect.pcap", "codes of stream 0", "we",
        "Port 465: frame 4 is a Client Hello, frame 6 the server's greeting in clear ('220 "
        "poczta.home-whs.pl ESMTP'), which the index does not read; frame 7 is the client's RST.",
    ),
    Disagreement(
        "streams", "zeek__smtp-attachment-msg.pcap", "verbs of stream 0", "we",
        "Only the client's side is there. Frame 12 is DATA, frame 14 a whole message in one "
        "segment, down to CRLF.CRLF; the index reads its headers as commands.",
    ),
    Disagreement(
        "zeek", "zeek__http__connect-with-smtp.pcap", "3378: not followed", "both",
        "SMTP behind an HTTP CONNECT on port 8240. Zeek looks into the tunnel; we follow no "
        "connection that does not begin as SMTP, and say nothing of it.",
    ),
    Disagreement(
        "suricata",
        "suricata-verify__firewall__ruletype-firewall-135-smtp-multi-mail-accept__smtp-multi-mail"
        ".pcap",
        "1 smtp smtp.mail_from=<alice@example.com> smtp.rcpt_to[0]=<bob@example.com>", "both",
        "The capture has three mails; the first (frames 9 and 11) and the third "
        "(frames 25 to 29) are both from alice to bob. The test "
        "itself asks that the first has no second recipient (not-has-key), which the index has "
        "left out.",
    ),
    Disagreement(
        "arkime", "arkime__socks5-smtp-503.pcap", "53709: not followed", "both",
        "SMTP behind a SOCKS 5 handshake (frames 5 to 11) on port 1080: as in the index.",
    ),
)  # fmt: skip


class Untrue(NamedTuple):
    """A finding that is not true of its capture."""

    capture: str
    rule: str
    times: int
    why: str


FALSE: Final = (
    Untrue(
        "suricata-verify__detect-email-received.pcap", "command-after-sync-point", 1,
        "The client sends each command behind the reply to the one before. The greeting in frame "
        "4 has no CRLF and takes in the reply to EHLO in frame 8; the replies behind it are "
        "counted to the command before, up to the 354 of frame 36, which only DATA can get.",
    ),
    Untrue(
        "suricata-verify__detect-email-received.pcap", "pipelining-not-offered", 1,
        "As above: MAIL (frame 10) is answered in frame 12, and frame 14 comes behind it.",
    ),
)  # fmt: skip
"""Bugs of ours: no list of what is true may hide them."""


def known(oracle: str, capture: str) -> set[str]:
    """What an oracle is known to read otherwise."""
    return {d.what for d in DISAGREEMENTS if (d.oracle, d.capture) == (oracle, capture)}
