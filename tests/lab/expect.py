"""Which findings a capture must lead to, worked out from the truth about its case.

`findings` are exact counts, `at_least` are lower bounds, `may` are rules that are free to fire;
what is in none of the three has to stay silent.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from lab.cases import CASES, Case
from lab.evidence import Scene, greeted
from lab.truth import Truth, passed

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from lab.message import Message

_TO_INFORM = frozenset(
    {"split-command", "split-terminator", "masked-banner", "offloaded-capture", "capture-gap"}
    | {"one-sided", "joined-midway", "cut-snaplen", "unanswered-command"}
)
"""Rules below medium severity, which do not change the exit code."""

_STORM = 3
"""The damaged attempt of one envelope from which on each one is part of a storm of retries."""

DEVICE = "cisco-smtp-inspection"
"""What the lab's middleboxes are made after."""

_OTHER_VERBS = ("EHLO", "MAIL", "DATA", "QUIT")
"""What the sender says in each conversation, beside one RCPT a recipient."""


@dataclass(frozen=True)
class Expectation:
    """What `seamark scan` has to find in one file."""

    findings: Mapping[str, int] = field(default_factory=dict)
    at_least: Mapping[str, int] = field(default_factory=dict)
    may: tuple[str, ...] = ()
    devices: tuple[str, ...] | None = None
    """Of the verdicts, exactly; None where nothing is certain about them."""
    counts: Mapping[str, int] = field(default_factory=dict)
    """Of the one verdict, exactly, but for zeros; empty where nothing is certain about them."""

    @property
    def exit_code(self) -> int:
        """1 where something at or above medium must be found, else 0."""
        certain = {**self.findings, **self.at_least}
        return int(any(certain[rule] and rule not in _TO_INFORM for rule in certain))


@dataclass(frozen=True)
class View:
    """What is looked at: a case, from one place, as far as the file holds whole conversations."""

    case: Case
    scene: Scene
    clients: Collection[int]
    """Ports of the clients whose conversations the file holds to their end."""

    @property
    def truth(self) -> Truth:
        """About the whole case."""
        return self.scene.truth

    def messages(self) -> dict[int, Message]:
        """By client: what it tried to send."""
        numbered = enumerate(self.case.plan.messages, self.case.plan.first_port)
        return {port: message for port, message in numbered if port in self.clients}

    def among(self, ports: Collection[int]) -> int:
        """How many of some clients are in view."""
        return sum(port in self.clients for port in ports)

    def split(self) -> int:
        """How many verbs in view were masked because of a boundary inside."""
        return self.among([verb.client for verb in self.truth.split()])

    def masked(self) -> int:
        """How many whole verbs in view were masked, and are seen so from here."""
        verbs = (v for v in self.truth.whole() if passed(v.box, self.scene.side, to="server"))
        return self.among([verb.client for verb in verbs])

    def greeted(self, kind: str) -> int:
        """To how many clients a masked banner, or masked keywords, can be seen to go."""
        return len({row["client"] for row in greeted(self.scene, kind)})


def seen(view: View) -> Expectation:
    """What is to be found in a capture of a case, from where it was taken.

    A verb that is still whole in front of the box counts as masked too, because the reply to
    exactly that command shows it; and an end of data that a box has swallowed counts behind it
    too, because the client's last sequence number shows it.
    """
    truth = view.truth
    swallowed = {int(row["client"]) for row in truth.of_kind("terminator")}
    found = {
        "masked-banner": view.greeted("banner"),
        "masked-ehlo-keyword": view.greeted("keyword"),
        "terminator-swallowed": view.among(swallowed),
        "split-masked-verb": view.split(),
        "masked-verb": view.masked(),
        "split-command": _split_commands(view) - view.split(),
        **_losses(view),
    }
    given = Expectation(_positive(found), devices=_devices(view), counts=_counts(view))
    return _with_case(given, view.case.name, view.scene.side)


def _losses(view: View) -> dict[str, int]:
    """What the damage cost, which can be seen from every side."""
    truth, messages = view.truth, view.messages()
    lost = [port for port in messages if port not in truth.accepted]
    names = [messages[port].name for port in messages if port in lost or port in truth.lost]
    return {
        "lost-recipient": view.among(truth.lost),
        "lost-transaction": len(lost),
        "sync-error": view.among(truth.synchronisation),
        "retry-storm": sum(max(0, names.count(name) - _STORM + 1) for name in set(names)),
    }


def _split_commands(view: View) -> int:
    """How many boundaries the sender's layout puts inside of a command line."""
    return sum(len(message.cuts) for message in view.messages().values())


def _devices(view: View) -> tuple[str, ...] | None:
    """The device that the verdict has to name; None where the damage in view is no proof of it."""
    if not view.truth.changes:
        return ()
    proof = view.split() or view.masked() or view.greeted("keyword")
    return (DEVICE,) if proof else None


def _counts(view: View) -> dict[str, int]:
    """What the verdict has to count, where every conversation went through to its QUIT."""
    messages = view.messages()
    if not _devices(view) or set(view.truth.accepted) != set(messages):
        return {}
    whole_here = not passed(0, view.scene.side, to="server")
    verbs = sum(message.recipients + len(_OTHER_VERBS) for message in messages.values())
    banners, hellos = view.greeted("banner"), view.greeted("keyword")
    counts = {
        "verbs_with_seam": view.split(),
        f"verbs_with_seam_{'refused' if whole_here else 'masked'}": view.split(),
        "whole_verbs": verbs - view.split(),
        "greetings": len(messages),
        "greetings_masked": banners,
        "hellos": len(messages),
        "hellos_masked": hellos,
        "hellos_ordinal": hellos,
        "flows": len(messages),
    }
    return _positive(counts)


def _positive(counts: Mapping[str, int]) -> dict[str, int]:
    return {rule: count for rule, count in counts.items() if count > 0}


def _loose(*rules: str) -> Callable[[Expectation], Expectation]:
    """A correction: these rules may fire any number of times, but as often as is certain."""

    def correct(given: Expectation) -> Expectation:
        exact = {rule: count for rule, count in given.findings.items() if rule not in rules}
        bounds = {rule: count for rule, count in given.findings.items() if rule in rules}
        return replace(given, findings=exact, at_least=bounds, may=tuple(sorted(rules)))

    return correct


def _free(*rules: str) -> Callable[[Expectation], Expectation]:
    """A correction: these rules may fire or not; nothing about them is certain."""

    def correct(given: Expectation) -> Expectation:
        exact = {rule: count for rule, count in given.findings.items() if rule not in rules}
        return replace(given, findings=exact, may=tuple(sorted({*given.may, *rules})))

    return correct


def _also(rule: str, count: int = 1) -> Callable[[Expectation], Expectation]:
    """A correction: one more finding, known from how the case is made."""

    def correct(given: Expectation) -> Expectation:
        return replace(given, findings={**given.findings, rule: count})

    return correct


_CORRECTIONS: dict[tuple[str, str], tuple[Callable[[Expectation], Expectation], ...]] = {
    ("sync-error", "before"): (_free("rate-without-delivery"),),
    ("sync-error", "behind"): (_free("rate-without-delivery"),),
    ("ehlo-refused", "before"): (_also("pipelining-not-offered"), _free("rate-without-delivery")),
    ("ehlo-refused", "behind"): (_also("pipelining-not-offered"), _free("rate-without-delivery")),
    ("terminator-swallowed", "behind"): (_free("missing-terminator", "capture-gap"),),
    ("offloaded", "before"): (_also("offloaded-capture"),),
    ("disorder", "before"): (_loose("split-command"),),
    ("disorder", "behind"): (_loose("split-command"),),
}
"""What cannot be counted from the logs, by case and side."""


def _with_case(given: Expectation, case: str, side: str) -> Expectation:
    for correct in _CORRECTIONS.get((case, side), ()):
        given = correct(given)
    return given


def _keep(*rules: str) -> Callable[[Expectation], Expectation]:
    """A correction for a derived file: only these stay certain, all else that was found is free."""

    def correct(given: Expectation) -> Expectation:
        free = tuple(rule for rule in given.findings if rule not in rules)
        return _free(*free)(given)

    return correct


def _bound(rule: str) -> Callable[[Expectation], Expectation]:
    def correct(given: Expectation) -> Expectation:
        return replace(given, at_least={**given.at_least, rule: 1}, may=(*given.may, rule))

    return correct


def _no_verdict(given: Expectation) -> Expectation:
    """A correction for a derived file: nothing is certain about the verdict."""
    return replace(given, devices=None, counts={})


def _no_counts(given: Expectation) -> Expectation:
    """A correction for a derived file: the verdict is certain, its numbers are not."""
    return replace(given, counts={})


DERIVED: dict[str, tuple[Callable[[Expectation], Expectation], ...]] = {
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


def derived(name: str, given: Expectation) -> Expectation:
    """What is to be found in a derived file, from what is to be found in its source."""
    for correct in DERIVED.get(name, ()):
        given = correct(given)
    return given


def whole_case(name: str, scene: Scene) -> View:
    """The view of a case with all of its conversations."""
    return View(CASES[name], scene, scene.truth.clients)
