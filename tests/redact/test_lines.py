"""What lines become: names others of the same length, all else as it was."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect.detect import keywords, products, proxies
from dissect.detect.rules import sync_error
from dissect.dialogue import redact as credentials
from dissect.redact import Key, Redactor
from dissect.redact.words import ENGLISH, VERBS

REDACTOR = Redactor(Key(b"k" * 32))
LABELS = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9-]{2,14}[A-Za-z0-9])", fullmatch=True)
DOMAINS = st.builds(
    "{}.{}.{}".format, LABELS, LABELS, st.sampled_from(("uk", "com", "example", "xn--p1ai"))
)
LOCALS = st.from_regex(r"[A-Za-z][A-Za-z0-9._+=-]{5,20}[a-z]", fullmatch=True)
MAILS = st.builds("{}@{}".format, LOCALS, DOMAINS)


def shape(data: bytes) -> bytes:
    """Letters by case, digits, and all else as it is."""
    return re.sub(rb"[a-z]", b"a", re.sub(rb"[A-Z]", b"A", re.sub(rb"[0-9]", b"9", data)))


def command(line: str) -> str:
    """A client's line."""
    return REDACTOR.command(line.encode()).decode()


def reply(line: str) -> str:
    """A server's line."""
    return REDACTOR.reply(line.encode()).decode()


@pytest.mark.parametrize("line", [
    "DATA", "QUIT", "RSET", "NOOP", "STARTTLS", "BDAT 464 LAST", "XXXX 240", "HELP",
    "XXXXXXXX", "AUTH LOGIN", "EHLO localhost", "EHLO [127.0.0.1]", "MAIL FROM:<>",
    "MAIL FROM:<> SIZE=1234567 BODY=8BITMIME SMTPUTF8 RET=HDRS",
])  # fmt: skip
def test_what_names_nobody_stays(line: str) -> None:
    """Verbs, masks, sizes, parameters."""
    assert command(line) == line


@pytest.mark.parametrize("line", [
    "220 ****************************************22*****202**0*********0000",
    "220 SMTP/cmap____________________________________________________read",
    "250-SIZE 52428800", "250-AUTH PLAIN LOGIN CRAM-MD5", "250-XXXXXXXA", "250 XXXE",
    '354 Enter message, ending with "." on a line by itself', "334 VXNlcm5hbWU6",
    "354 End data with <CR><LF>.<CR><LF>", '500 5.5.1 Command unrecognized: "XXXX"',
    "554 SMTP synchronization error", "250 2.1.5 Ok", "421 4.4.2 Error: timeout exceeded",
    "503-All RCPT commands were rejected with this error:",
])  # fmt: skip
def test_a_servers_own_words_stay(line: str) -> None:
    """Masks, keywords, codes, and what servers say."""
    assert reply(line) == line


@pytest.mark.parametrize(("line", "stays"), [
    ("RCPT TO:<Anne.Smith@cam.ac.uk> NOTIFY=NEVER ORCPT=rfc822;anne@cam.ac.uk",
     "RCPT TO:<....@......> NOTIFY=NEVER ORCPT=rfc822;....@......"),
    ("rcpt to: postmaster", "rcpt to: ......"),
    ("XXXX TO:<anne@cam.ac.uk>", "XXXX TO:<....@......>"),
    ("EHLO PDC-CAMBRIDGE", "EHLO ...-........."),
    ("VRFY anne", "VRFY ...."),
    ("XCLIENT NAME=mail.cam.ac.uk ADDR=131.111.8.1", "XCLIENT NAME=...... ADDR=......"),
    ("Dear Anne, the meeting", "...................."),
])  # fmt: skip
def test_a_clients_line_names_nobody(line: str, stays: str) -> None:
    """What stays is what SMTP has words for; the shape stays, too."""
    new = command(line)
    assert len(new) == len(line)
    assert "ADDR" in line or shape(new.encode()) == shape(line.encode())
    pattern = re.escape(stays).replace(r"\.", ".").replace(r"\-", "-")
    assert re.fullmatch(re.sub(r"\.{3,}", ".+", pattern), new)
    assert not re.search("anne|smith|cam|meeting|dear|postmaster|131", new, re.IGNORECASE)


@pytest.mark.parametrize("line", [
    "220 mx.cam.ac.uk ESMTP Postfix", "250-mx.cam.ac.uk Hello mail.cam.ac.uk [131.111.8.42]",
    "550 5.1.1 <anne@cam.ac.uk>: Recipient address rejected: User anne unknown",
    "554-cam-gw (131-111-8-42) is listed at http://www.cam.ac.uk/list?anne",
    "250 2.0.0 Ok: queued as 4F2Dcam131",
])  # fmt: skip
def test_a_reply_names_nobody(line: str) -> None:
    """Neither hosts nor people nor messages; what is said of them stays."""
    new = reply(line)
    assert len(new) == len(line)
    assert new[:4] == line[:4]
    assert not re.search("anne|cam|131", new)
    for word in ("ESMTP", "Postfix", "Hello", "Recipient address rejected", "queued as"):
        assert (word in new) == (word in line)


@pytest.mark.parametrize("address", [
    "010.071.003.009", "10.71.3.9-pool", "3.9.71.3.10", "v10.71.3.9", "10.71.3.9_4",
])  # fmt: skip
def test_an_address_that_is_written_otherwise_goes(address: str) -> None:
    """With zeros in front, or as a part of something; short numbers stay elsewhere."""
    new = reply(f"250-hello [{address}] 8.14.9 4.69")
    assert new.endswith("] 8.14.9 4.69")
    assert not re.search(r"0?71\.0?0?3\.", new)


def test_a_host_is_the_same_wherever_it_is_named() -> None:
    """In HELO, in the reply to it, and as the domain of an address; in either case."""
    new = command("EHLO Mail.Cam.ac.uk").split()[1]
    assert reply("250 x Hello mail.cam.ac.uk").split()[-1] == new.lower()
    assert command("MAIL FROM:<a@mail.cam.ac.uk>").endswith(f"@{new.lower()}>")
    assert command("MAIL FROM:<a@cam.ac.uk>").endswith("@" + new.lower().partition(".")[2] + ">")
    assert new.rpartition(".")[2][0] == "q"


def test_addresses_in_text_are_reserved_and_as_long() -> None:
    """A documentation address where it fits; otherwise one that no host can have."""
    for address in ("8.8.8.8", "10.11.12.13", "131.111.208.142", "2a00:1450:4009::8"):
        new = command(f"EHLO [{address}]")
        assert len(new) == len(f"EHLO [{address}]")
        assert re.search(r"\[(0|10|240|192|198|203|2001:0db8)[.:]", new)
    assert command("EHLO [2001:630:212:8::1]").startswith("EHLO [2001:db8:")


def test_a_log_line_has_the_addresses_of_the_packets() -> None:
    """There length is free, so that both can be laid side by side."""
    new = REDACTOR.text("H=(mail.cam.ac.uk) [131.111.8.42]:33738 SMTP protocol error")
    assert f"[{REDACTOR.address('131.111.8.42')}]:33738 SMTP protocol error" in new
    assert "cam" not in new


def test_message_data_is_blank() -> None:
    """Line ends, dots, names of header fields and lines that are commands stay."""
    old = (b'From: anne\r\nX-Secret: 1\r\nContent-Type: a; filename="cv.pdf"\r\n\tfolded\r\n\r\n'
           b"Dear Anne,\r\n..x\r\n.\rMAIL FROM:<a@cam.ac.uk>\nthe end.\r\n.\r\n")  # fmt: skip
    new = REDACTOR.lines.body(old)
    assert len(new) == len(old)
    assert new.startswith(b'From:-----\r\n-----------\r\nContent-Type:----filename="------"\r\n\t')
    assert b"\r\n..-\r\n.\rMAIL FROM:<" in new
    assert new.endswith(b"-------.\r\n.\r\n")
    assert not re.search(rb"anne|cam|secret|pdf|end", new, re.IGNORECASE)


def test_credentials_are_gone() -> None:
    """Of a line as it is on the wire: nothing leads back, and base64 goes on to be base64."""
    assert command("AUTH PLAIN AGFubmUAc2VjcmV0") == "AUTH PLAIN AAAAAAAAAAAAAAAA"
    assert REDACTOR.lines.secret(b"c2VjcmV0Cg==\r\n") == b"AAAAAAAAAA==\r\n"
    assert REDACTOR.lines.secret(b"*\r\n") == b"*\r\n"


@given(st.binary(max_size=300))
def test_any_bytes_keep_their_length(data: bytes) -> None:
    """And their line ends, whatever they are taken for."""
    for way in (REDACTOR.command, REDACTOR.reply, REDACTOR.lines.body, REDACTOR.lines.unread):
        new = way(data)
        assert len(new) == len(data)
        assert [at for at, octet in enumerate(new) if octet in b"\r\n"] == [
            at for at, octet in enumerate(data) if octet in b"\r\n"
        ]


@given(st.text(max_size=80), MAILS, st.text(max_size=80))
def test_an_address_goes_wherever_it_stands(before: str, mail: str, behind: str) -> None:
    """Its parts are found nowhere in what a client or a server said, whatever is around it."""
    local, _, domain = mail.partition("@")
    for way in (REDACTOR.command, REDACTOR.reply, REDACTOR.lines.body):
        new = way(f"{before} <{mail}> {behind}".encode("utf-8", "surrogatepass")).decode(
            "utf-8", "replace"
        )
        assert local not in new
        assert domain not in new


@given(st.lists(MAILS, unique_by=str.lower, max_size=20))
def test_no_two_addresses_become_one(mails: list[str]) -> None:
    """And the same one always becomes the same."""
    found = [command(f"RCPT TO:<{mail}>") for mail in mails]
    assert len(set(found)) == len(mails)
    assert found == [command(f"RCPT TO:<{mail}>") for mail in mails]
    assert [shape(each.rpartition(".")[0].encode()) for each in found] == [
        shape(f"RCPT TO:<{mail}".rpartition(".")[0].encode()) for mail in mails
    ]


PATTERNS = [
    *(pattern for pattern, _ in products.WORDS), *(mark.pattern for mark in proxies.GREETINGS),
    *(mark.pattern for mark in proxies.REPLIES), *sync_error.WORDS, sync_error.POSTSCREEN,
    *(pattern for pattern, _ in keywords.BANNER),
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS, ids=lambda pattern: pattern.pattern.decode()[:40])
@given(st.data())
def test_all_words_that_a_rule_knows_stay(pattern: re.Pattern[bytes], data: st.DataObject) -> None:
    """What a product or a proxy is known by is known behind redaction."""
    said = data.draw(st.from_regex(pattern, fullmatch=True))
    assert pattern.search(REDACTOR.reply(said))


def test_a_name_beside_words_is_no_word() -> None:
    """The list of words that stay has none of the commonest given names in English."""
    names = {"james", "mary", "robert", "john", "linda", "david", "william"}
    assert not names & (ENGLISH | VERBS)


def test_credentials_masked_before_stay_masked() -> None:
    """Events hold ``#`` where a credential was."""
    masked, secret = credentials.command(b"AUTH PLAIN AGFubmUAc2VjcmV0")
    assert secret
    assert REDACTOR.lines.command(masked) == masked
