"""What it means for mail: messages, recipients, and who."""

from __future__ import annotations

from collections import Counter
from typing import Final

from dissect.analysis.model import Peer
from dissect.dossier.case import Case, many
from dissect.dossier.document import Block, Code, Inline, Section, Table, said
from dissect.dossier.gathered import Party

ADDRESSES: Final = 100
"""Recipients that are listed."""

CLIENTS: Final = 20
RETRIES: Final = 20

WORDS: Final = {
    "delivered": ("went through", "went through"),
    "partly-delivered": ("lost recipients", "lost recipients"),
    "rejected": ("was refused", "were refused"),
    "lost": ("ended before its mail was accepted", "ended before their mail was accepted"),
    "encrypted": ("went on under TLS, unseen", "went on under TLS, unseen"),
    "open": ("had not ended when the capture did", "had not ended when the capture did"),
    "empty": ("carried no mail", "carried no mail"),
}
"""What became of one conversation, or of several, by their outcome."""

HIDES_TLS: Final = frozenset({"starttls-stripped", "masked-ehlo-keyword"})


def sentence(case: Case) -> str:
    """What it cost, in one sentence."""
    words = _outcomes(case)
    asked = sum(peer.recipients_asked for peer in case.gathered.whole)
    if asked:
        reached = sum(peer.recipients_delivered for peer in case.gathered.whole)
        words += f", and mail for {reached:,} of {many(asked, 'recipient')} was accepted"
    lost = lost_recipients(case)
    if lost:
        words += (
            f"; {many(len(lost), 'address was', 'addresses were')} left out of messages "
            "that everybody else got"
        )
    elif hides_tls(case):
        words += "; TLS was hidden from the sender, so that mail went in the clear"
    return f"{words}."


def _outcomes(case: Case) -> str:
    """What became of the conversations."""
    flows, outcomes = case.gathered.flows, case.gathered.outcomes
    told = [(outcomes[name], words) for name, words in WORDS.items() if outcomes[name]]
    if len(told) == 1:
        which = f"All {flows:,} conversations" if flows > 1 else "The one conversation"
        return f"{which} {told[0][1][flows > 1]}"
    parts = [f"{count:,} {words[count > 1]}" for count, words in told]
    return f"Of {flows:,} conversations {_joined(parts)}"


def _joined(parts: list[str]) -> str:
    return f"{', '.join(parts[:-1])} and {parts[-1]}" if len(parts) > 1 else "".join(parts)


def lost_recipients(case: Case) -> Counter[str]:
    """Who got no mail because of damage, and how often."""
    return Counter(
        address for finding in case.found("lost-recipient") for address in finding.recipients
    )


def hides_tls(case: Case) -> bool:
    """Whether a client could not use TLS."""
    return any(
        finding.rule in HIDES_TLS
        and (finding.rule == "starttls-stripped" or "STARTTLS" in finding.original)
        for finding in case.findings
    )


def section(case: Case) -> Section | None:
    """Clients, recipients that got no mail, and messages that were tried in vain."""
    if not case.gathered.flows:
        return None
    blocks: list[Block] = [said(sentence(case)), _clients(case)]
    if hides_tls(case):
        blocks.append(
            said(
                "STARTTLS is hidden from the client: mail goes in the clear for everybody on the "
                "path to read, or is not sent at all where TLS is required."
            )
        )
    blocks += [*_recipients(case), *_retries(case)]
    return Section("impact", "The impact on mail", tuple(blocks))


def _clients(case: Case) -> Table:
    """What each client got done."""
    parties = sorted(
        case.gathered.parties.items(), key=lambda item: (-item[1].damaged, -item[1].flows, item[0])
    )
    whole = {peer.client: peer for peer in case.gathered.whole}
    rows = tuple(_client(name, party, whole.get(name)) for name, party in parties[:CLIENTS])
    caption = "Clients"
    if len(parties) > CLIENTS:
        caption += f"; the first {CLIENTS} of {len(parties):,}"
    mail = "mail accepted for" if whole else "RCPTs accepted"
    head = ("client", "conversations with damage", "messages accepted", mail)
    return Table(caption, head, rows, named=True)


def _client(name: str, party: Party, peer: Peer | None) -> tuple[Inline, ...]:
    """One client; what was asked of all its conversations is known only where all were chosen."""
    damage = f"{party.damaged:,} of {party.flows:,}"
    if peer is None:
        return (name, damage, f"{party.messages:,}", f"{party.accepted:,} of {party.offered:,}")
    return (
        name,
        damage,
        f"{peer.messages_accepted:,} of {peer.messages_tried:,}",
        f"{peer.recipients_delivered:,} of {many(peer.recipients_asked, 'recipient')}",
    )


def _recipients(case: Case) -> tuple[Block, ...]:
    """Who got no mail."""
    lost = lost_recipients(case)
    if not lost:
        return ()
    rows = tuple(
        (Code(case.show(address)), str(count)) for address, count in lost.most_common(ADDRESSES)
    )
    caption = "Recipients that got no mail"
    if len(lost) > ADDRESSES:
        caption += f"; the first {ADDRESSES} of {len(lost):,}"
    return (Table(caption, ("address", "messages missed"), rows, named=True),)


def _retries(case: Case) -> tuple[Block, ...]:
    """Messages that were tried again and again."""
    if not case.gathered.retried:
        return ()
    rows = tuple(
        (client, Code(f"<{case.show(retry.reverse_path)}>"), str(retry.recipients),
         str(retry.tries))
        for client, retry in case.gathered.retried[:RETRIES]
    )  # fmt: skip
    head = ("client", "from", "recipients", "tries")
    return (Table("Messages tried again and again, and not accepted", head, rows, named=True),)
