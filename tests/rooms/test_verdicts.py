"""Verdicts and peers: what flows prove together, across connections, clients and captures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.script import play
from support.wire import Setting, interleave

from dissect.analysis.families import (
    BLACK_HOLE,
    FAMILIES,
    FILTER,
    IDLE,
    LIMITS,
    PROXY,
    RESETS,
    SENDER,
    SERVER,
    STRIPPING,
)
from dissect.analysis.family import Family
from dissect.analysis.inspection import INSPECTION, UNKNOWN_MAKE
from dissect.analysis.ledger import Ledger
from dissect.analysis.model import Peer, Verdict
from dissect.analysis.verdicts import ENOUGH, confidence
from dissect.detect.tally import Tally
from dissect.evidence import Endpoint
from dissect.pipeline import Pipeline

HELLO = "S: 220 mx.example.net ESMTP Postfix\nC: EHLO mail.example.org\nS: 250-mx.example.net\n"
OFFERED = HELLO + "S: 250-STARTTLS\nS: 250 PIPELINING\nC: QUIT\nS: 221 Bye"
HIDDEN = HELLO + "S: 250 PIPELINING\nC: QUIT\nS: 221 Bye"
MASKED = HELLO + (
    "S: 250 PIPELINING\nC: MAIL FROM:<a@example.org>\nC: XX¦XX TO:<b@example.net>\n"
    "C: RCPT TO:<c@example.net>\nC: DATA\nS: 250 2.1.0 Ok\n"
    "S: 500 5.5.2 Error: command not recognized\nS: 250 2.1.5 Ok\nS: 354 End data\n"
    "C: Subject: x\nC:\nC: x\nC: .\nS: 250 2.0.0 Ok: queued as 1\nC: QUIT\nS: 221 Bye"
)
WHOLE = MASKED.replace("XX¦XX", "RC¦PT")
LOST = HELLO + (
    "S: 250 PIPELINING\nC: MAIL FROM:<a@example.org>\n20 times C: RCPT TO:<r%@example.net>\n"
    "S: 250 2.1.0 Ok\n20 times S: 250 2.1.5 Ok\nS! RST"
)


def setting(number: int = 0, client: str = "192.0.2.10", start: float = 0) -> Setting:
    """The hosts and the time of one connection."""
    one = Setting()
    return replace(one, client=Endpoint(client, 40000 + number), start=one.start + start)


def read(*flows: tuple[str, Setting], ledger: Ledger | None = None, name: str = "a") -> Pipeline:
    """A capture of some connections."""
    pipeline = Pipeline(name, ledger=ledger)
    pipeline.segments(interleave([play(script, where) for script, where in flows]))
    pipeline.finish()
    return pipeline


def devices(pipeline: Pipeline) -> dict[str, Verdict]:
    """The verdicts, by device."""
    return {verdict.device: verdict for verdict in pipeline.verdicts()}


# ---- one family for each kind of damage ---------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "tally"),
    [
        (INSPECTION, Tally(verbs_with_seam=6, verbs_with_seam_masked=6)),
        (UNKNOWN_MAKE, Tally(whole_verbs=9, asterisks=2)),
        (STRIPPING, Tally(offers_without=3, offers_elsewhere=2)),
        (PROXY, Tally(proxies=2)),
        (FILTER, Tally(replies_injected=1)),
        (RESETS, Tally(resets=2, resets_forged=2)),
        (BLACK_HOLE, Tally(full_size_lost=3)),
        (IDLE, Tally(silences_fatal=2)),
        (LIMITS, Tally(limits=1)),
        (SENDER, Tally(sender_faults=2)),
        (SERVER, Tally(server_faults=2)),
    ],
    ids=lambda value: value.device if isinstance(value, Family) else "",
)
def test_evidence_of_a_family_is_its_verdict(family: Family, tally: Tally) -> None:
    """What proves one family proves no other, and each says what to do and what would confirm."""
    sure = {each.device: confidence(each, tally) for each in FAMILIES}
    assert {device for device, value in sure.items() if value >= ENOUGH} == {family.device}
    assert family.remedy(tally)
    assert family.confirm
    assert all(said.words(tally) for said in family.said if said.count(tally))


@pytest.mark.parametrize(
    ("family", "proof", "doubt"),
    [
        (INSPECTION, Tally(verbs_with_seam=6, verbs_with_seam_masked=6), Tally(verbs_with_seam=54)),
        (STRIPPING, Tally(offers_without=3, offers_elsewhere=2), Tally(offers=3)),
        (RESETS, Tally(resets=2, resets_forged=2), Tally(resets=6)),
        (BLACK_HOLE, Tally(full_size_lost=3), Tally(full_size_passed=9)),
        (IDLE, Tally(silences_fatal=2), Tally(silences=6)),
        (SENDER, Tally(sender_faults=2), Tally(whole_verbs=9, whole_verbs_masked=9)),
        (SERVER, Tally(server_faults=2), Tally(replies_injected=9)),
    ],
    ids=lambda value: value.device if isinstance(value, Family) else "",
)
def test_contradicting_evidence_lowers_it(family: Family, proof: Tally, doubt: Tally) -> None:
    """Cases that went well, or damage of another kind, take of the confidence."""
    both = Tally(*(getattr(proof, n) + getattr(doubt, n) for n in Tally.__dataclass_fields__))
    assert confidence(family, both) < confidence(family, proof) - 0.3


@pytest.mark.parametrize(
    ("tally", "words"),
    [
        (Tally(hellos=1, hellos_masked=1, hellos_ordinal=1), "ASA or FTD"),
        (Tally(whole_verbs=9, whole_verbs_masked=2, lower_case=2), "IOS"),
        (Tally(hellos_nooped=1), "PIX"),
        (Tally(verbs_with_seam=1, verbs_with_seam_masked=1), "PIX fixup or ASA"),
        (Tally(greetings=1, greetings_masked=1, greetings_cmap=1), "PIX"),
    ],
)
def test_makes_are_told_apart(tally: Tally, words: str) -> None:
    """Ordinal letters, lower case and EHLO as NOOP name the make, and its remedy comes with it."""
    assert words in INSPECTION.title(tally)
    assert INSPECTION.remedy(tally)


def test_a_server_that_masks_its_own_greeting_is_no_box() -> None:
    """A greeting of asterisks above keywords that every box would mask proves nothing."""
    script = (
        "S: 220 ***************\nC: EHLO mail.example.org\nS: 250-mx.example.net\n"
        "S: 250-STARTTLS\nS: 250-CHUNKING\nS: 250 HELP\nC: QUIT\nS: 221 Bye"
    )
    assert devices(read(*((script, setting(n)) for n in range(9)))) == {}


def test_every_count_is_told() -> None:
    """What flows are counted for stands in a verdict, but for what only tells the make."""
    told = {name for family in FAMILIES for name in family.counts}
    assert set(Tally.__dataclass_fields__) - told == {"lower_case"}


def test_every_mark_is_a_count_that_is_told() -> None:
    """A flow is named as proof only for counts that the verdict gives."""
    for family in FAMILIES:
        assert family.marks
        assert set(family.marks) <= set(family.counts), family.device


# ---- across flows, clients and captures ---------------------------------------------------------


def test_the_founding_case_is_counted() -> None:
    """All split verbs were masked and no whole one was: the counts say so."""
    verdict = devices(read(*((MASKED, setting(n, start=60 * n)) for n in range(3))))[
        "cisco-smtp-inspection"
    ]
    counts = dict(verdict.counts)
    assert (counts["verbs_with_seam"], counts["verbs_with_seam_masked"]) == (3, 3)
    assert counts["whole_verbs_masked"] == 0
    assert verdict.flows == (0, 1, 2)
    assert "3 of 3 verbs with a seam inside were masked" in verdict.message
    assert verdict.confidence == 0.95


@pytest.mark.parametrize("order", [(OFFERED, HIDDEN), (HIDDEN, OFFERED)])
def test_stripping_is_seen_in_any_order(order: tuple[str, str]) -> None:
    """One client network is never offered what another is, whichever session comes first."""
    client = {OFFERED: "198.51.100.7", HIDDEN: "192.0.2.10"}
    flows = [(s, setting(n, client[s], 60 * n)) for n, s in enumerate((*order, *order))]
    verdict = devices(read(*flows))["starttls-stripping"]
    assert verdict.client == "192.0.2.10"
    assert verdict.confidence == 0.8


def test_one_session_of_another_network_is_no_stripping() -> None:
    """A server may offer TLS by its own policy: a single session without it proves nothing."""
    assert devices(read((OFFERED, setting()), (HIDDEN, setting(1, "198.51.100.7", 60)))) == {}


def test_a_server_without_tls_is_no_stripping() -> None:
    """Where nobody is offered STARTTLS, nobody is accused."""
    assert devices(read((HIDDEN, setting()), (HIDDEN, setting(1, "198.51.100.7", 60)))) == {}


def test_captures_that_follow_each_other_are_added() -> None:
    """Two files of a ring count as one."""
    ledger = Ledger(several=True)
    read((MASKED, setting()), ledger=ledger, name="a")
    last = read((MASKED, setting(1, start=600)), ledger=ledger, name="b")
    verdict = devices(last)["cisco-smtp-inspection"]
    assert dict(verdict.counts)["verbs_with_seam"] == 2
    assert dict(verdict.counts)["flows"] == 2
    assert verdict.capture == "a, b"


def test_a_connection_seen_at_two_places_counts_once() -> None:
    """In front of the box and behind it is one connection, and what either shows is evidence."""
    ledger = Ledger(several=True)
    read((WHOLE, setting()), ledger=ledger, name="before")
    last = read((MASKED, setting()), ledger=ledger, name="behind")
    counts = dict(devices(last)["cisco-smtp-inspection"].counts)
    assert counts["flows"] == 1
    assert counts["verbs_with_seam"] == 1
    assert (counts["verbs_with_seam_refused"], counts["verbs_with_seam_masked"]) == (1, 1)
    assert [peer.flows for peer in last.peers()] == [1]


def rules(pipeline: Pipeline) -> list[str]:
    """The rules that fired, flow by flow."""
    return [finding.rule for detail in pipeline.take() for finding in detail.findings]


def test_a_retry_storm_goes_on_in_the_next_capture() -> None:
    """Three tries in three files are a storm."""
    ledger = Ledger(several=True)
    found = [
        rules(read((LOST, setting(n, start=900 * n)), ledger=ledger, name=str(n))) for n in range(3)
    ]
    assert ["retry-storm" in each for each in found] == [False, False, True]
    assert ["rate-without-delivery" in each for each in found] == [False, False, True]


def test_three_views_of_one_try_are_no_storm() -> None:
    """The same connection in three captures is one try."""
    ledger = Ledger(several=True)
    found = [rules(read((LOST, setting()), ledger=ledger, name=str(n))) for n in range(3)]
    assert not {rule for each in found for rule in each} & {"retry-storm", "rate-without-delivery"}


# ---- peers -------------------------------------------------------------------------------------


def peer(*flows: tuple[str, Setting]) -> Peer:
    """The only client of some connections."""
    (told,) = read(*flows).peers()
    return told


def test_a_peer_counts_what_it_asked_for_and_got() -> None:
    """RCPTs asked, accepted, and accepted with their message are three numbers."""
    told = peer((WHOLE, setting()), (LOST, setting(1, start=60)))
    assert (told.flows, told.messages_tried, told.messages_accepted) == (2, 2, 1)
    assert (told.recipients_asked, told.recipients_accepted, told.recipients_delivered) == (
        22, 21, 1,
    )  # fmt: skip


def test_a_peer_has_a_rate_over_time() -> None:
    """Each minute with mail is a point, and empty ones are left out."""
    told = peer((LOST, setting()), (WHOLE, setting(1, start=600)))
    assert told.width == 60
    assert [(b.asked, b.delivered) for b in told.rate] == [(20, 0), (2, 1)]
    assert told.rate[1].start - told.rate[0].start == 600


def test_a_long_rate_stays_short() -> None:
    """However long it goes on, the points are bounded and nothing is lost from their sum."""
    told = peer(*((LOST, setting(n, start=4000 * n)) for n in range(40)))
    assert len(told.rate) <= 120
    assert sum(bucket.asked for bucket in told.rate) == 40 * 20
    assert told.width > 60


def test_a_peer_names_what_it_retries() -> None:
    """An envelope that was tried again and not accepted is named with its tries."""
    told = peer(*((LOST, setting(n, start=900 * n)) for n in range(4)))
    (retry,) = told.retries
    assert retry[:3] == ("a@example.org", 20, 4)
    assert len({moment.time for moment in retry.moments}) == len(told.trouble) == 4
    assert told.damaged == 4
    assert told.share == 1


def test_peers_with_damage_come_first() -> None:
    """The client with the largest share of damaged flows is told first."""
    told = read((WHOLE, setting(0, "192.0.2.1")), (LOST, setting(1, "192.0.2.2"))).peers()
    assert told[0].damaged / told[0].flows >= told[1].damaged / told[1].flows
    assert {one.client for one in told} == {"192.0.2.1", "192.0.2.2"}


# ---- not a middlebox -----------------------------------------------------------------------------

MAIL = HELLO + (
    "S: 250 PIPELINING\nC: MAIL FROM:<a@example.org>\nC: RCPT TO:<b@example.net>\n"
    "S: 250 2.1.0 Ok\nS: 250 2.1.5 Ok\n"
)


@pytest.mark.parametrize(
    ("said", "named"),
    [
        ("421 4.3.2 System shutting down", {"server"}),
        ("421 4.4.2 mx.example.net Error: timeout exceeded", set()),
        ("421 4.7.0 mx.example.net Error: too many errors", set()),
    ],
)
def test_a_server_that_closes_in_its_own_words(said: str, named: set[str]) -> None:
    """A reason of its own is the server's; what it waited for in vain may be the path's."""
    flows = [(MAIL + f"S: {said}\nS! FIN\nC! FIN", setting(n, start=60 * n)) for n in range(2)]
    assert set(devices(read(*flows))) == named


def test_a_sender_with_faults_of_its_own() -> None:
    """A client that talks before the greeting needs nothing on the way to do so."""
    script = (
        "C: EHLO mail.example.org\n... 2s\nS: 220 mx.example.net ESMTP\nS: 554 too soon\nS! FIN"
    )
    verdict = devices(read((script, setting()), (script, setting(1, start=60))))["sender"]
    assert dict(verdict.counts)["sender_faults"] == 2
    assert verdict.flows == (0, 1)
