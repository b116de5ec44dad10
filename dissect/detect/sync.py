"""Where a command may stand in a pipelining group, and what servers do where it stands wrong.

RFC 2920 section 3.1 says which commands must be the last of their group.  Exim
(``src/smtp_in.c``) and Postfix (``src/smtpd/smtpd.c``) each enforce a part of it.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Place(NamedTuple):
    """One verb: whether RFC 2920 wants it last, and who enforces it."""

    last: bool
    exim: bool
    postfix: bool


ANYWHERE: Final = Place(last=False, exim=False, postfix=False)

PLACES: Final = {
    "MAIL": ANYWHERE,
    "RCPT": ANYWHERE,
    "RSET": ANYWHERE,
    "SEND": ANYWHERE,
    "SOML": ANYWHERE,
    "SAML": ANYWHERE,
    "BDAT": ANYWHERE,
    "EHLO": Place(last=True, exim=True, postfix=True),
    "HELO": Place(last=True, exim=True, postfix=True),
    "DATA": Place(last=True, exim=True, postfix=True),
    "VRFY": Place(last=True, exim=True, postfix=True),
    "NOOP": Place(last=True, exim=True, postfix=True),
    "EXPN": Place(last=True, exim=True, postfix=False),
    "TURN": Place(last=True, exim=True, postfix=False),
    "QUIT": Place(last=True, exim=False, postfix=False),
    "ETRN": Place(last=True, exim=True, postfix=False),
    "ATRN": Place(last=True, exim=True, postfix=False),
    "STARTTLS": Place(last=True, exim=True, postfix=False),
    "AUTH": Place(last=True, exim=False, postfix=False),
}
"""Where PIPELINING is offered.  BDAT: RFC 3030 section 4.2; STARTTLS: RFC 3207 section 4; AUTH:
RFC 4954 section 4, which makes the client wait for the challenge.  Postfix has code of its own
for STARTTLS; to Exim TURN is an unknown verb, and those must be the last."""

EXIM_DROPS: Final = "Exim answers 554 SMTP synchronization error and closes"
POSTFIX_DROPS: Final = (
    "Postfix logs it as improper command pipelining, and from 3.9 on answers 554 5.5.0 and closes "
    "(smtpd_forbid_unauth_pipelining)"
)
LETS_PASS: Final = {"Exim": "Exim lets it pass", "Postfix": "Postfix lets it pass"}
DROPS: Final = {"Exim": EXIM_DROPS, "Postfix": POSTFIX_DROPS}

UNCHECKED: Final = frozenset({"AUTH", "QUIT", "HELP", ""})
"""What Exim never checks, with or without PIPELINING."""


def enforced(verb: str, *, pipelining: bool) -> dict[str, bool]:
    """Whether each of the two servers drops a client that goes on behind a verb.

    Args:
        verb: in capitals.
        pipelining: whether the server offers it; without, every command is a synchronisation
            point to Exim (but for ``UNCHECKED``), and, after HELO, to Postfix.
    """
    place = PLACES.get(verb)
    if not pipelining:
        return {"Exim": verb not in UNCHECKED, "Postfix": True}
    if place is None:
        return {"Exim": True, "Postfix": False}  # to Exim an unknown verb must be the last
    return {"Exim": place.exim, "Postfix": place.postfix}


def said(verb: str, product: str, *, pipelining: bool) -> str:
    """What servers do about it, in a sentence: the one that this is, or both.

    Args:
        verb: behind which more came too soon.
        product: the server's, empty where it is not known.
        pipelining: whether the server offers it.
    """
    found = enforced(verb, pipelining=pipelining)
    names = [product] if product in found else list(found)
    words = [DROPS[name] if found[name] else LETS_PASS[name] for name in names]
    return "; ".join(words) + "."
