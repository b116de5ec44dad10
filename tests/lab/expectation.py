"""What is expected of a file, and what is known or not known of it beside what the logs say.

`findings` are exact counts, `at_least` are lower bounds, `may` are rules that are free to fire;
what is in none of the three has to stay silent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TO_INFORM = frozenset(
    {"split-command", "split-terminator", "masked-banner", "offloaded-capture", "capture-gap"}
    | {"one-sided", "joined-midway", "cut-snaplen", "unanswered-command", "unsolicited-reply"}
    | {"bare-newline"}
)
"""Rules below medium severity, which do not change the exit code."""


@dataclass(frozen=True)
class Expectation:
    """What `seamark scan` has to find in one file."""

    findings: Mapping[str, int] = field(default_factory=dict)
    at_least: Mapping[str, int] = field(default_factory=dict)
    may: tuple[str, ...] = ()
    devices: tuple[str, ...] | None = None
    """Of the verdicts, exactly; None where nothing is certain about them."""
    ends_only: bool = False
    """Whether verdicts may speak of the sender and the server, and of nothing between them."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Of the one verdict, exactly, but for zeros; empty where nothing is certain about them."""

    @property
    def exit_code(self) -> int:
        """1 where something at or above medium must be found, else 0."""
        certain = {**self.findings, **self.at_least}
        return int(any(certain[rule] and rule not in _TO_INFORM for rule in certain))

    @property
    def sure_of_exit(self) -> bool:
        """Whether nothing that is free to fire would change the exit code."""
        return bool(self.exit_code) or set(self.may) <= _TO_INFORM


_Correction = Callable[[Expectation], Expectation]


def _loose(*rules: str) -> _Correction:
    """A correction: these rules may fire any number of times, but as often as is certain."""

    def correct(given: Expectation) -> Expectation:
        exact = {rule: count for rule, count in given.findings.items() if rule not in rules}
        bounds = {rule: count for rule, count in given.findings.items() if rule in rules}
        return replace(given, findings=exact, at_least=bounds, may=tuple(sorted(rules)))

    return correct


def _free(*rules: str) -> _Correction:
    """A correction: these rules may fire or not; nothing about them is certain."""

    def correct(given: Expectation) -> Expectation:
        exact = {rule: count for rule, count in given.findings.items() if rule not in rules}
        return replace(given, findings=exact, may=tuple(sorted({*given.may, *rules})))

    return correct


def _not(rule: str) -> _Correction:
    """A correction: this one stays silent, whatever the logs suggest."""

    def correct(given: Expectation) -> Expectation:
        exact = {name: count for name, count in given.findings.items() if name != rule}
        return replace(given, findings=exact)

    return correct


def _also(rule: str, count: int = 1) -> _Correction:
    """A correction: one more finding, known from how the case is made."""

    def correct(given: Expectation) -> Expectation:
        return replace(given, findings={**given.findings, rule: count})

    return correct


_NO_ANSWER = ("capture-gap", "unanswered-command")
_STRAY = ("unsolicited-reply", "unanswered-command", "command-after-sync-point")
"""What a server's replies to the lines of a message may look like beside what they are."""


def _both(case: str, *corrections: _Correction) -> dict[tuple[str, str], tuple[_Correction, ...]]:
    return {(case, side): corrections for side in ("before", "behind")}


CORRECTIONS: dict[tuple[str, str], tuple[_Correction, ...]] = {
    ("sync-error", "before"): (_free("rate-without-delivery"),),
    ("sync-error", "behind"): (_free("rate-without-delivery"),),
    ("ehlo-refused", "before"): (_also("pipelining-not-offered"), _free("rate-without-delivery")),
    ("ehlo-refused", "behind"): (_also("pipelining-not-offered"), _free("rate-without-delivery")),
    ("terminator-swallowed", "behind"): (_free("missing-terminator", "capture-gap"),),
    ("offloaded", "before"): (_also("offloaded-capture"),),
    ("disorder", "before"): (_loose("split-command"),),
    ("disorder", "behind"): (_loose("split-command"),),
    # The mask on BDAT is one fact, and what the server made of it: which rule tells it is free, and
    # so is whether a message that was refused in this way counts as lost.
    **_both("bdat-masked", _free("masked-verb", "lost-transaction", *_STRAY)),
    **_both("postfix-bdat-masked", _free("masked-verb", "lost-transaction", *_STRAY)),
    **_both(
        "postfix-bdat-long",
        _free("masked-verb", "lost-transaction", "split-command", "capture-gap", *_STRAY),
    ),
    ("starttls-refused", "before"): (_free("injected-reply"),),
    ("mtu-black-hole", "before"): (_free(*_NO_ANSWER),),
    ("mtu-black-hole", "behind"): (
        _free("path-mtu-black-hole", "missing-terminator", "terminator-swallowed", *_NO_ANSWER),
    ),
    **_both("forged-reset", _free("missing-terminator", *_NO_ANSWER)),
    # A message that was answered with 541 was refused or lost, as one likes; and so is one of
    # which the server hears nothing more.
    ("injected-reply", "before"): (_free("lost-transaction", "forged-reset", "unsolicited-reply"),),
    ("injected-reply", "behind"): (_free("lost-transaction", "missing-terminator", *_NO_ANSWER),),
    ("terminator-cuts", "before"): (_free("split-terminator", "rate-without-delivery"),),
    ("terminator-cuts", "behind"): (
        _free("split-terminator", "missing-terminator", "capture-gap", "rate-without-delivery"),
    ),
    **_both("missing-terminator", _free(*_NO_ANSWER)),
    **_both("unstuffed-dot", _free("body-parsed-as-commands", *_STRAY)),
    **_both("postfix-unstuffed-dot", _free("body-parsed-as-commands", *_STRAY)),
    **_both("bdat-size", _free("body-parsed-as-commands", "capture-gap", *_STRAY)),
    **_both("smuggling", _free("bare-newline", "body-parsed-as-commands", *_STRAY)),
    **_both("smuggling-refused", _free("bare-newline")),
    # Where no MAIL was said, no transaction was begun.
    **_both("early-talker", _not("lost-transaction"), _free(*_STRAY)),
    **_both("postfix-early-talker", _free(*_STRAY)),
    ("pix5-noop", "behind"): (_free("ehlo-answered-as-noop"),),
    ("greeting-hang", "before"): (_not("lost-transaction"), _free("masked-banner")),
    ("greeting-hang", "behind"): (_not("lost-transaction"),),
    # From in front of the box, there is nothing but a server that says goodbye.
    ("asterisk-verbs", "before"): (_free("split-masked-verb", "split-command", *_NO_ANSWER),),
    ("asterisk-verbs", "behind"): (_free(*_NO_ANSWER),),
    ("asa-keywords", "before"): (_free("masked-verb", "starttls-stripped"),),
    ("asa-keywords", "behind"): (_free("starttls-stripped"),),
    ("postfix-asa-keywords", "before"): (_free("masked-verb", "starttls-stripped"),),
    ("postfix-asa-keywords", "behind"): (_free("starttls-stripped"),),
    # That the server refuses what it has offered is the same fact as that it quotes the mask; and
    # where Sendmail cuts its replies, it does not log.
    ("echo", "before"): (_free("split-reply"),),
    ("echo", "behind"): (_free("split-reply"),),
}
"""What cannot be counted from the logs, by case and side."""


def of_case(given: Expectation, case: str, side: str) -> Expectation:
    """The expectation of a recorded file, with what cannot be counted from the logs."""
    for correct in CORRECTIONS.get((case, side), ()):
        given = correct(given)
    return given


def _keep(*rules: str) -> _Correction:
    """A correction for a derived file: only these stay certain, all else that was found is free."""

    def correct(given: Expectation) -> Expectation:
        free = tuple(rule for rule in given.findings if rule not in rules)
        return _free(*free)(given)

    return correct


def _bound(rule: str) -> _Correction:
    def correct(given: Expectation) -> Expectation:
        return replace(given, at_least={**given.at_least, rule: 1}, may=(*given.may, rule))

    return correct


def _no_verdict(given: Expectation) -> Expectation:
    """A correction for a derived file: nothing is certain about the verdict."""
    return replace(given, devices=None, counts={})


def _no_counts(given: Expectation) -> Expectation:
    """A correction for a derived file: the verdict is certain, its numbers are not."""
    return replace(given, counts={})


DERIVED: dict[str, tuple[_Correction, ...]] = {
    "midway.pcap": (_bound("joined-midway"), _no_counts),
    "truncated.pcap": (_no_counts,),
    "snaplen.pcap": (
        _keep(),
        _bound("cut-snaplen"),
        _free("capture-gap", "masked-verb"),
        _no_verdict,
    ),
    "ehlo-refused-snaplen.pcap": (
        _keep("masked-verb"),
        _bound("cut-snaplen"),
        _free("capture-gap"),
    ),
    "one-sided-client.pcap": (_keep("split-masked-verb"), _bound("one-sided"), _no_counts),
    "one-sided-server.pcap": (
        _keep("masked-banner"),
        _bound("one-sided"),
        _free("unsolicited-reply", "split-masked-verb"),
        _no_verdict,
    ),
}
"""What becomes of the expectation of the source when a file is derived from it."""

UNSURE_OF_EXIT = frozenset({"snaplen.pcap", "one-sided-server.pcap"})
"""Files in which so little is left that 0 and 1 are both right."""


def from_source(name: str, given: Expectation) -> Expectation:
    """What is to be found in a derived file, from what is to be found in its source."""
    for correct in DERIVED.get(name, ()):
        given = correct(given)
    return given
