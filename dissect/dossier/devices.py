"""The steps of ``dissect.detect.remedies`` line by line, as they are typed.

A step that is no list of commands, or has a part that is none, stays a sentence.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from dissect.detect import remedies


class Typed(NamedTuple):
    """Commands, and where they are typed."""

    where: str
    lines: tuple[str, ...]


TYPED: Final[dict[str, Typed]] = {
    remedies.OLD_PIX[0]: Typed(
        "Cisco PIX up to 6.x, in configuration mode:", ("no fixup protocol smtp 25",)
    ),
    remedies.NEW_PIX[0]: Typed(
        "Cisco PIX or ASA from 7.0, in configuration mode; then clear the connections that are "
        "open:",
        ("policy-map global_policy", " class inspection_default", "  no inspect esmtp"),
    ),
    remedies.IOS[0]: Typed(
        "Cisco IOS, in configuration mode; NAME is that of the inspection rule:",
        ("no ip inspect name NAME smtp", "no ip inspect name NAME esmtp"),
    ),
    remedies.KEEP_TLS[0]: Typed(
        "To keep inspecting on an ASA, but let TLS through:",
        (
            "policy-map type inspect esmtp ESMTP-TLS", " parameters", "  allow-tls",
            "  no mask-banner", "policy-map global_policy", " class inspection_default",
            "  no inspect esmtp", "  inspect esmtp ESMTP-TLS",
        ),
    ),
    remedies.BANNER_ONLY[0]: Typed(
        "Cisco ASA, in the map that inspect esmtp names (here MYMAP):",
        ("policy-map type inspect esmtp MYMAP", " parameters", "  no mask-banner"),
    ),
    remedies.SENDER_PIPELINING[0]: Typed(
        "Until then, on the sending server, so that each command comes in a packet of its own; "
        "with NETWORK for the receiving hosts (on Exchange: fewer recipients per message):",
        (
            "# Exim, in the smtp transport", "hosts_avoid_pipelining = NETWORK",
            "# Postfix, in main.cf; the map gives: NETWORK pipelining",
            "smtp_discard_ehlo_keyword_address_maps = cidr:/etc/postfix/no-pipelining",
        ),
    ),
    remedies.RECEIVER_PIPELINING["Exim"]: Typed(
        "Or on the receiving Exim, with NETWORK for the senders that are behind the firewall:",
        ("pipelining_advertise_hosts = ! NETWORK",),
    ),
    remedies.RECEIVER_PIPELINING["Postfix"]: Typed(
        "Or on the receiving Postfix, with a map that gives: NETWORK pipelining",
        ("smtpd_discard_ehlo_keyword_address_maps = cidr:/etc/postfix/no-pipelining",),
    ),
    remedies.DOT[0]: Typed(
        "Until then, on a sending Postfix; it acts only where the greeting is masked:",
        (
            "smtp_pix_workarounds = delay_dotcrlf",
            "smtp_pix_workaround_threshold_time = 0",
        ),
    ),
}  # fmt: skip
"""By the step as findings and verdicts have it."""
