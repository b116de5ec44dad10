"""Counts of one flow, for and against: what verdicts across flows are drawn from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

SURE = 0.7
"""Confidence of a finding from which on it counts for a verdict across flows."""


ON_THE_PATH: Final = (
    "greetings", "greetings_masked", "greetings_cmap", "greetings_own", "greetings_hung",
    "hellos", "hellos_masked", "hellos_ordinal", "hellos_nooped",
    "verbs_with_seam", "verbs_with_seam_masked", "verbs_with_seam_refused",
    "whole_verbs", "whole_verbs_masked", "lower_case", "asterisks", "echoes",
    "terminators_swallowed", "replies_injected",
)  # fmt: skip
"""Counts that speak of who reads and writes what passes: inside TLS that is nobody on the path."""


@dataclass(slots=True)
class Tally:
    """One flow, or the sum of several."""

    greetings: int = 0
    greetings_masked: int = 0
    greetings_cmap: int = 0
    """Of the masked ones, those of PIX 4.x, ``SMTP/cmap``."""
    greetings_own: int = 0
    """Masked greetings of servers whose keywords are legible, also those that a box would mask."""
    greetings_hung: int = 0
    """Masked greetings behind which the client waited for ever."""
    hellos: int = 0
    hellos_masked: int = 0
    """Replies to EHLO with masked keywords."""
    hellos_ordinal: int = 0
    """Of those, with the ordinal letters that ASA appends."""
    hellos_nooped: int = 0
    """EHLOs that the server took for NOOP."""
    verbs_with_seam: int = 0
    verbs_with_seam_masked: int = 0
    verbs_with_seam_refused: int = 0
    """Whole here, refused as unknown by the server: masked on the way."""
    whole_verbs: int = 0
    whole_verbs_masked: int = 0
    lower_case: int = 0
    """Masks in lower case x, as IOS documents them."""
    asterisks: int = 0
    """Verbs, and EHLO replies with keywords, masked with asterisks, which no known device does;
    they are not among the masked."""
    echoes: int = 0
    """Replies that quote a mask for a command that was whole here."""
    terminators_swallowed: int = 0
    offers: int = 0
    """Replies to EHLO that offer STARTTLS, before TLS."""
    offers_without: int = 0
    """Replies to EHLO that do not, before TLS, and have no mask that may be it."""
    offers_elsewhere: int = 0
    """Replies that offer it to other client networks; only in a sum."""
    offers_stripped: int = 0
    """Of those, in contradiction to another session with the same server."""
    starttls_near: int = 0
    """STARTTLS refused by something nearer than the server."""
    proxies: int = 0
    """Greetings or replies of a proxy that is known by its words."""
    replies_injected: int = 0
    resets: int = 0
    """RSTs in the name of the server, or of the client while the server still talked; without
    those that answer what came behind a forged one."""
    resets_forged: int = 0
    full_size_passed: int = 0
    """1 where segments of full size from the client were acknowledged."""
    full_size_lost: int = 0
    """1 where they never were."""
    silences: int = 0
    """Long silences behind which the conversation went on."""
    silences_fatal: int = 0
    """Long silences behind which the next segment met a reset or nothing."""
    limits: int = 0
    """Connections that died at the first octet beyond a limit of an inspection engine."""
    header_stalls: int = 0
    sender_faults: int = 0
    """Faults of the sending server: its data, its sizes, its timing."""
    server_faults: int = 0
    """Faults of the receiving server."""

    def as_seen(self, before: Tally) -> Tally:
        """What counts for a verdict, where all that came later was inside TLS.

        Args:
            before: the counts when TLS began.
        """
        return replace(self, **{name: getattr(before, name) for name in ON_THE_PATH})
