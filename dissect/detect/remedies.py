"""What to type, by who has to type it.  Facts: the vendors' and projects' manuals."""

from __future__ import annotations

from typing import Final

FIREWALL: Final = (
    "Cisco PIX up to 6.x: no fixup protocol smtp 25",
    (
        "Cisco PIX/ASA from 7.0: policy-map global_policy / class inspection_default / "
        "no inspect esmtp (then clear the connections)"
    ),
    "Cisco FTD: FlexConfig that removes inspect esmtp",
    "Cisco IOS: no ip inspect name NAME smtp / no ip inspect name NAME esmtp",
)

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

RECEIVER_PIPELINING: Final = (
    "Or on the receiving Exim: pipelining_advertise_hosts = ! <the sender's network>",
)

DOT: Final = (
    (
        "Until then, on a sending Postfix: smtp_pix_workarounds = delay_dotcrlf and "
        "smtp_pix_workaround_threshold_time = 0"
    ),
)

BANNER_ONLY: Final = (
    "Cisco ASA: policy-map type inspect esmtp MYMAP / parameters / no mask-banner",
    *FIREWALL,
)

SPLIT: Final = (*FIREWALL, *SENDER_PIPELINING, *RECEIVER_PIPELINING)
