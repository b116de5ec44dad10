"""What to type, by who has to type it.  Facts: the vendors' and projects' manuals."""

from __future__ import annotations

from typing import Final

OLD_PIX: Final = ("Cisco PIX up to 6.x: no fixup protocol smtp 25",)

NEW_PIX: Final = (
    (
        "Cisco PIX/ASA from 7.0: policy-map global_policy / class inspection_default / "
        "no inspect esmtp (then clear the connections)"
    ),
)

FTD: Final = ("Cisco FTD: FlexConfig that removes inspect esmtp",)

IOS: Final = ("Cisco IOS: no ip inspect name NAME smtp / no ip inspect name NAME esmtp",)

PIX: Final = (*OLD_PIX, *NEW_PIX)
ASA: Final = (*NEW_PIX, *FTD)
FIREWALL: Final = (*OLD_PIX, *NEW_PIX, *FTD, *IOS)

KEEP_TLS: Final = (
    (
        "To keep inspecting on an ASA but let TLS through: policy-map type inspect esmtp "
        "ESMTP-TLS / parameters / allow-tls / no mask-banner; then in global_policy: "
        "no inspect esmtp, inspect esmtp ESMTP-TLS"
    ),
)

SENDER_PIPELINING: Final = (
    (
        "Until then, on the sending server, one command a packet: Exim hosts_avoid_pipelining; "
        "Postfix smtp_discard_ehlo_keyword_address_maps with pipelining; "
        "Exchange: fewer recipients per message"
    ),
)

RECEIVER_PIPELINING: Final = {
    "Exim": "Or on the receiving Exim: pipelining_advertise_hosts = ! <the sender's network>",
    "Postfix": (
        "Or on the receiving Postfix: smtpd_discard_ehlo_keyword_address_maps with pipelining for "
        "the sender's network"
    ),
}
"""What the receiving server can do, by its product."""

DOT: Final = (
    (
        "Until then, on a sending Postfix: smtp_pix_workarounds = delay_dotcrlf and "
        "smtp_pix_workaround_threshold_time = 0 (it acts only where the greeting is masked)"
    ),
)

BANNER_ONLY: Final = (
    "Cisco ASA: policy-map type inspect esmtp MYMAP / parameters / no mask-banner",
    *FIREWALL,
)


LET_TLS_THROUGH: Final = (
    "Exempt the mail server, or port 25, from the proxy, virus scanner or SMTP inspection",
    *KEEP_TLS,
    "Or use port 465 or 587 with TLS; MTA-STS (RFC 8461) and DANE (RFC 7672) tell senders of it",
)

STARTTLS_INJECTION: Final = (
    "Update the server: it must throw away what stands behind STARTTLS (CVE-2011-0411)",
    "If the client did not send it: use port 465, and find out who is on the path",
)

AUTH_INSIDE_TLS: Final = (
    (
        "Offer AUTH only inside TLS: Postfix smtpd_tls_auth_only = yes; "
        "Exim auth_advertise_hosts = ${if eq{$tls_in_cipher}{}{}{*}}"
    ),
    "Change the password",
)

NO_CHUNKING: Final = (
    (
        "Until then, on the sending server, no BDAT: Exim hosts_try_chunking = (empty); Postfix "
        "smtp_discard_ehlo_keyword_address_maps with chunking"
    ),
    (
        "Or on the receiving server, do not offer it: Exim chunking_advertise_hosts = (empty); "
        "Postfix smtpd_discard_ehlo_keywords = chunking"
    ),
)

LINE_ENDS: Final = (
    "The sending software must end each line with CRLF (RFC 5321 section 2.3.8)",
    (
        "On a receiving Postfix: smtpd_forbid_bare_newline = normalize (the default from 3.9), or "
        "reject, with the sender's network in smtpd_forbid_bare_newline_exclusions"
    ),
)

SMUGGLING: Final = (
    (
        "Receiving Postfix: smtpd_forbid_bare_newline = normalize and "
        "smtpd_forbid_unauth_pipelining = yes (the defaults from 3.9)"
    ),
    "Receiving Exim: 4.97.1 or later; receiving Sendmail: 8.18.1 or later",
    "On the sending side, find out why the server lets a bare CR or LF through",
)

MTU: Final = (
    "Let ICMP through (IPv4 type 3 code 4, IPv6 type 2) between both mail servers",
    (
        "Clamp the MSS where the path narrows: Cisco ip tcp adjust-mss 1360; Linux iptables "
        "-t mangle -A FORWARD -p tcp --tcp-flags SYN,RST SYN -j TCPMSS --clamp-mss-to-pmtu"
    ),
    "Until then, on a sending Linux server: sysctl net.ipv4.tcp_mtu_probing=1",
)

MSS: Final = (
    (
        "Cisco ASA that logs 419001 (MSS exceeded): tcp-map T / exceed-mss allow; then "
        "set connection advanced-options T for the class of the mail traffic"
    ),
    "On the sender: use the MSS that the peer announces, and look at its interface's MTU",
)

SEQUENCE: Final = (
    (
        "Cisco ASA/FTD: set connection random-sequence-number disable for the class of the mail "
        "traffic, or have SACK rewritten with the sequence numbers"
    ),
)

LIMITS: Final = (
    (
        "Cisco ASA: a policy-map type inspect esmtp of your own with a higher limit, and "
        "inspect esmtp with its name in global_policy"
    ),
    *ASA,
)

SIGNATURES: Final = (
    "Cisco PIX: upgrade to 7.2(3) or later, or turn off its SMTP inspection",
    *FIREWALL,
    "Until then, on the sender: do not sign mail for that destination with DKIM",
)

IDLE: Final = (
    "On the device that forgets: a longer idle timer for port 25",
    (
        "On the sender: do not keep connections open between messages (Postfix "
        "smtp_connection_cache_on_demand = no), or TCP keep-alives shorter than the timer"
    ),
)

FILTER: Final = (
    (
        "Exempt the mail servers, or port 25, from content inspection on the way, and let the "
        "mail server itself refuse what is not wanted"
    ),
)

OTHER_SIDE: Final = ("To confirm: capture on the other side at the same time, and compare",)

OFFLOAD_OFF: Final = (
    "To confirm: capture again with ethtool -K IFACE tso off gso off gro off lro off",
)

LONGER: Final = ("To confirm: capture until the connection is closed",)


OUTSIDE_TLS: Final = frozenset({
    *FIREWALL, *KEEP_TLS, *DOT, *SENDER_PIPELINING, *RECEIVER_PIPELINING.values(),
})  # fmt: skip
"""Remedies against a device that only passes packets on: inside TLS it has no hand in it."""

BEFORE_TLS: Final = (
    (
        "It was done inside TLS, so by something that has the keys: look at the TLS client, and at "
        "the host that gave it the mail"
    ),
    "Look for a proxy that ends TLS on the way: is the certificate that of the server?",
)
"""In their place."""


def inside_tls(remedy: tuple[str, ...]) -> tuple[str, ...]:
    """What is to be done where the evidence was inside TLS."""
    kept = tuple(each for each in remedy if each not in OUTSIDE_TLS)
    return remedy if len(kept) == len(remedy) else (*BEFORE_TLS, *kept)


def receiver(product: str) -> tuple[str, ...]:
    """What the receiving server can do about pipelining; of every product where it is not known."""
    if product:
        return (RECEIVER_PIPELINING[product],) if product in RECEIVER_PIPELINING else ()
    return tuple(RECEIVER_PIPELINING.values())


def split(product: str) -> tuple[str, ...]:
    """Against verbs that are masked because they are split.

    Args:
        product: the server's, empty where it is not known.
    """
    return (*FIREWALL, *SENDER_PIPELINING, *receiver(product))
