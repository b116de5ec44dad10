"""Which findings a capture must lead to, worked out from the truth about its case."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.case import Case
from lab.cases import CASES
from lab.evidence import RULES, Scene, acted, echoed, greeted, hung
from lab.expectation import Expectation, of_case
from lab.truth import Truth, passed

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from lab.message import Message

_STORM = 3
"""The damaged attempt of one envelope from which on each one is part of a storm of retries."""

DEVICE = "cisco-smtp-inspection"
"""What the lab's middleboxes are made after."""

_OTHER_VERBS = ("EHLO", "MAIL", "DATA", "QUIT")
"""What the sender says in each conversation, beside one RCPT a recipient."""


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
    hanging = len(hung(view.scene))
    found = {
        "masked-banner": view.greeted("banner") - hanging,
        "masked-greeting-hang": hanging,
        "masked-ehlo-keyword": view.greeted("keyword"),
        "terminator-swallowed": view.among(swallowed),
        "split-masked-verb": view.split(),
        "masked-verb": view.masked(),
        "echoed-mask": view.among([verb.client for verb in echoed(view.scene)]),
        "body-parsed-as-commands": view.among([verb.client for verb in truth.misread()]),
        "split-command": _split_commands(view) - view.split(),
        **_losses(view),
        **Counter(str(row["rule"]) for row in acted(view.scene)),
        **Counter(RULES[fault.kind] for fault in truth.faults if fault.client in view.clients),
    }
    given = Expectation(
        _positive(found),
        devices=_devices(view),
        ends_only=not truth.changes and bool(truth.faults),
        counts=_counts(view),
    )
    return of_case(given, view.case.name, view.scene.side)


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
        return None if view.truth.faults else ()
    verbs = (*view.truth.split(), *view.truth.whole())
    if not all(verb.masked.startswith("X") for verb in verbs):
        return None
    proof = view.split() or view.masked() or view.greeted("keyword")
    return (DEVICE,) if proof else None


def _counts(view: View) -> dict[str, int]:
    """What the verdict has to count, where every conversation went through to its QUIT."""
    messages = view.messages()
    plain = all(message.manner == "pipelined" for message in messages.values())
    if not _devices(view) or not plain or set(view.truth.accepted) != set(messages):
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


def whole_case(name: str, scene: Scene) -> View:
    """The view of a case with all of its conversations."""
    return View(CASES[name], scene, scene.truth.clients)
