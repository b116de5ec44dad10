"""The fields of the filter language: the table that parser, completion and help are made from."""

from __future__ import annotations

from enum import Enum
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dissect.analysis.model import Outcome
from dissect.detect.finding import Severity
from dissect.detect.registry import RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dissect.analysis.model import FlowSummary


class Kind(Enum):
    """What a field's values are."""

    WORDS = "words"
    RULE = "a rule"
    ADDRESS = "an address"
    RANK = "a severity"
    CHOICE = "one of a few words"
    STATE = "a state"
    COUNT = "a number"
    SIZE = "a number of bytes"
    SPAN = "a length of time"
    NUMBER = "a number or a range"
    PORT = "a port"
    FRAME = "a frame's number"
    TIME = "a time of day or a date"
    PATH = "a mail address"
    SAID = "words of the dialogue"
    VERDICT = "words of a verdict"
    NOTE = "words of a note"
    LOG = "words of a mail log"


EQUAL: Final = (":", "=", "!=")
ORDER: Final = (":", ">=", "<=", ">", "<", "=", "!=")

OPERATORS: Final[Mapping[Kind, tuple[str, ...]]] = {
    **dict.fromkeys(Kind, EQUAL),
    **dict.fromkeys(
        (Kind.RANK, Kind.COUNT, Kind.SIZE, Kind.SPAN, Kind.NUMBER, Kind.PORT, Kind.TIME), ORDER
    ),
}
"""By kind: the operators that there are; the first is the usual one."""

COMPARED: Final = frozenset({Kind.COUNT, Kind.SIZE, Kind.SPAN})
"""Kinds that are asked for with ``>`` rather than with ``:``."""

TEXTUAL: Final = frozenset(
    {Kind.WORDS, Kind.RULE, Kind.ADDRESS, Kind.PATH, Kind.SAID, Kind.VERDICT, Kind.NOTE, Kind.LOG}
)
"""Kinds that take a regular expression."""

SAYS: Final[Mapping[str, str]] = {
    ":": "is, or holds",
    "=": "is exactly",
    "!=": "is not",
    ">": "more than",
    ">=": "at least",
    "<": "less than",
    "<=": "at most",
}


class Example(NamedTuple):
    """A filter, and what it means."""

    text: str
    means: str


class Field(NamedTuple):
    """One field."""

    name: str
    aliases: tuple[str, ...]
    kind: Kind
    means: str
    """What it is, in a few words."""
    examples: tuple[Example, ...]
    get: Callable[[FlowSummary], Any] = str
    """Its value in a summary; for kinds that are more than a value, of no use."""
    choices: Mapping[str, str] = {}
    """The values that there are, each with what it means."""
    dialogue: bool = False
    """Whether the dialogue may have to be looked into."""

    @property
    def operators(self) -> tuple[str, ...]:
        """The operators that it takes."""
        return OPERATORS[self.kind]


_SEVERITIES: Final = {
    **{
        str(severity): means
        for severity, means in zip(
            reversed(Severity),
            (
                "mail is lost or can be read by others", "mail is delayed or refused, or will be",
                "it works, and is fragile", "odd, harmless alone", "a fact that explains others",
            ),
            strict=True,
        )
    },
    "none": "no finding",
}  # fmt: skip
_OUTCOMES: Final = {
    Outcome.DELIVERED.value: "all mail was accepted",
    Outcome.PARTLY.value: "some recipients or messages were refused",
    Outcome.REJECTED.value: "all mail was refused",
    Outcome.LOST.value: "ended without the server's word on a message",
    Outcome.ENCRYPTED.value: "TLS: what became of the mail cannot be seen",
    Outcome.OPEN.value: "still going on",
    Outcome.EMPTY.value: "no mail was tried",
}
_PHASES: Final = {
    "greeting": "nothing after the greeting",
    "hello": "up to EHLO or HELO",
    "auth": "up to AUTH",
    "mail": "up to MAIL FROM",
    "rcpt": "up to RCPT TO",
    "data": "up to DATA",
    "bdat": "up to BDAT",
    "quit": "to its proper end",
    "tls": "up to STARTTLS",
}
_STATES: Final = {
    "damaged": "a finding of medium severity or worse",
    "marked": "marked by you",
    "open": "the connection is not closed",
    "noted": "has a note of yours",
    "logged": "a mail log given with --log tells of it",
}
_RULES: Final = {rule.info.name: rule.info.summary for rule in RULES}


def _example(text: str, means: str) -> tuple[Example, ...]:
    return (Example(text, means),)


FIELDS: Final = (
    Field(
        "rule", ("rules", "finding", "findings"), Kind.RULE, "a rule that has fired",
        (Example("rule:split-masked-verb", "flows in which that rule has fired"),
         Example("rule:masked", "any rule with masked in its name")),
        attrgetter("rules"), _RULES,
    ),
    Field(
        "severity", ("sev",), Kind.RANK, "the worst finding's severity",
        (Example("severity>=high", "the worst finding is high or critical"),
         Example("severity:none", "flows without findings")),
        attrgetter("severity"), _SEVERITIES,
    ),
    Field(
        "client", ("src",), Kind.ADDRESS, "the client's address",
        (Example("client:192.0.2.0/24", "an address, a network or address:port"),
         Example("client:192.0.2.", "addresses with that in them")),
        attrgetter("client"),
    ),
    Field(
        "server", ("dst",), Kind.ADDRESS, "the server's address",
        _example("server:[2001:db8::25]:587", "likewise, of the server"), attrgetter("server"),
    ),
    Field(
        "helo", ("ehlo",), Kind.WORDS, "the name that the client gave",
        (Example("helo:example.org", "the client's name holds it"),
         Example('helo=""', "the client gave no name")),
        attrgetter("helo"),
    ),
    Field(
        "rcpt", ("to", "recipient"), Kind.PATH, "a recipient (forward-path), also of a masked RCPT",
        _example("rcpt:bob@example.net", "a recipient, also in a masked RCPT"), dialogue=True,
    ),
    Field(
        "from", ("sender",), Kind.PATH, "a sender (reverse-path)",
        (Example("from:@example.org", "a sender holds it"),
         Example("from:<>", "bounces")),
        attrgetter("reverse_path"), dialogue=True,
    ),
    Field(
        "outcome", (), Kind.CHOICE, "what became of the mail",
        (Example("outcome:lost", "delivered, partly, rejected, lost, encrypted, open or empty"),),
        attrgetter("outcome.value"), _OUTCOMES,
    ),
    Field(
        "phase", (), Kind.CHOICE, "how far the dialogue came",
        _example("phase:data", "greeting, hello, auth, mail, rcpt, data, bdat, quit or tls"),
        attrgetter("phase"), _PHASES,
    ),
    Field(
        "product", (), Kind.WORDS, "the server's product",
        _example("product:postfix", "the server calls itself so"), attrgetter("product"),
    ),
    Field(
        "banner", ("greeting",), Kind.WORDS, "the server's first line",
        _example("banner:***", "the greeting holds it"), attrgetter("banner"),
    ),
    Field(
        "capture", ("file", "source"), Kind.WORDS, "the capture's name, or that of a live source",
        (Example("capture:behind", "one of several captures"),
         Example("source:mx:eth0", "one of several live sources")),
        attrgetter("capture"),
    ),
    Field(
        "recipients", ("rcpts", "offered"), Kind.COUNT, "recipients that were offered",
        _example("recipients>10", "more than ten recipients were offered"),
        attrgetter("recipients.offered"),
    ),
    Field(
        "accepted", (), Kind.COUNT, "recipients that were accepted",
        _example("accepted:0", "none was accepted"), attrgetter("recipients.accepted"),
    ),
    Field(
        "messages", ("mail", "mails"), Kind.COUNT, "messages that the server took",
        _example("messages>=2", "two messages or more were taken"), attrgetter("messages"),
    ),
    Field(
        "bytes", ("size",), Kind.SIZE, "bytes of both sides together",
        _example("bytes>1M", "more than a megabyte (k, M, G) both ways"),
        lambda flow: flow.bytes_client + flow.bytes_server,
    ),
    Field(
        "duration", ("dur",), Kind.SPAN, "from the first frame to the last",
        _example("duration>30s", "took longer (ms, s, m, h; also 1m30s)"), attrgetter("duration"),
    ),
    Field(
        "frames", ("packets",), Kind.COUNT, "number of frames",
        _example("frames<10", "fewer than ten frames"), attrgetter("frames"),
    ),
    Field(
        "flow", (), Kind.NUMBER, "the flow's number",
        _example("flow:3-7", "the flows with these numbers; flow:12 for one"), attrgetter("flow"),
    ),
    Field(
        "stream", ("tcp_stream",), Kind.NUMBER, "Wireshark's tcp.stream",
        _example("stream:12", "what Wireshark calls tcp.stream 12"), attrgetter("tcp_stream"),
    ),
    Field(
        "port", (), Kind.PORT, "the client's or the server's port",
        _example("port:587", "on either side"),
    ),
    Field(
        "time", ("start",), Kind.TIME, "when the flow began, in local time as the screen shows it",
        (Example("time:10:15", "began in that minute; time:10 in that hour"),
         Example("time:10:15-10:20", "began between them, both minutes included"),
         Example("time>=2026-11-24T10:15", "began then or later; time:2026-11-24 on that day")),
    ),
    Field(
        "text", ("body", "said"), Kind.SAID, "all that was said in the dialogue",
        (Example('text:"too many errors"', "either side said these words"),
         Example("text:/^5\\d\\d .*XXXX/i", "a regular expression, i for case-blind")),
        dialogue=True,
    ),
    Field(
        "frame", (), Kind.FRAME, "a frame's number",
        _example("frame:27", "the flow that holds frame 27"), dialogue=True,
    ),
    Field(
        "verdict", ("device",), Kind.VERDICT, "a verdict's device or title",
        _example("verdict:cisco", "flows that such a verdict is drawn from"),
    ),
    Field(
        "is", (), Kind.STATE, "a state of the flow",
        _example("is:damaged", "also is:marked, is:open, is:noted, is:logged"), choices=_STATES,
    ),
    Field(
        "note", (), Kind.NOTE, "words of your own note",
        _example("note:reported", "your note holds it"),
    ),
    Field(
        "log", (), Kind.LOG, "words of the mail log's lines (--log)",
        (Example("log:rejected", "a line of the mail log about the flow holds it"),
         Example('log=""', "no line of a mail log is about the flow")),
    ),
)  # fmt: skip

BY_NAME: Final = {name: field for field in FIELDS for name in (field.name, *field.aliases)}
"""Fields by name and by alias."""

GENERAL: Final = (
    Example("example.org", "plain words are looked for everywhere: addresses, names, rules, "
            "greeting, the whole dialogue and the mail log"),
    Example('"next input" /XX+ TO/i', "words in quotes; a regular expression; both must be there"),
    Example("2026-11-28 18:09:44 SMTP connection from [192.0.2.10]:33738 lost",
            "a line pasted from a log of Exim, Postfix or Sendmail: the flow that it is about"),
    Example("outcome:lost or not is:open", "and, or, not (also & | !) and parentheses; side by "
            "side means and"),
)  # fmt: skip
"""Examples of what is no field."""


def help_lines() -> list[tuple[str, str]]:
    """The language by example: each with its meaning."""
    lines: list[tuple[str, str]] = [*GENERAL]
    for field in FIELDS:
        lines += field.examples
    return lines
