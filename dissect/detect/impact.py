"""What damage did, told of the server that it happened to.

The same bytes make one server drop the connection and another lose one recipient: so the product
is named, and what it did here is read from its reply.  What is said beyond that is from the
sources of Exim and Postfix; of other products only what they did here.
"""

from __future__ import annotations

from typing import Final

from dissect.detect.context import Context
from dissect.dialogue import Exchange, Reply

GONE: Final = 554
CLOSES: Final = frozenset({221, 421})
FAILURE: Final = 400

WORDS: Final = (b"synchroni",)

HABITS: Final = {
    ("Exim", "verb"): (
        "Exim closes with 554 where more input waits behind an unknown verb, and answers 500 "
        "where none does"
    ),
    ("Postfix", "verb"): (
        "Postfix answers 500 to an unknown verb and goes on; the rest of the group stands"
    ),
    ("Postfix", "asterisks"): (
        "Postfix from 3.7 on answers 221 to a verb that begins with no letter, and closes"
    ),
    ("Exim", "terminator"): (
        "Exim waits five minutes, logs SMTP data timeout, and throws the message away"
    ),
    ("Postfix", "terminator"): (
        "Postfix logs timeout after DATA with the number of bytes, and throws the message away"
    ),
    ("Exim", "chunk"): (
        "Exim answers 500 and reads the message as commands, until it has had too many of them"
    ),
    ("Postfix", "chunk"): (
        "Postfix answers 500 and reads the message as commands; from 3.7 on a header line gets 221"
    ),
}
"""What the two servers do, by product and kind of damage."""


def did(context: Context, exchange: Exchange) -> str:
    """What the server did about a damaged command, in a sentence."""
    name = context.product or "The server"
    reply = exchange.reply
    if reply is None:
        return f"{name} never answered."
    return f"{name} answered {reply.code}{_and_then(reply)}."


def _and_then(reply: Reply) -> str:
    """What follows from a reply."""
    if reply.code in CLOSES or (reply.code == GONE and WORDS[0] in reply.text.lower()):
        return " and closed"
    return " and went on" if reply.code >= FAILURE else ""


def habit(context: Context, damage: str) -> str:
    """What the server's product is known to do; empty where it is not known.

    Args:
        context: of the flow.
        damage: ``verb``, ``asterisks``, ``terminator`` or ``chunk``.
    """
    known = HABITS.get((context.product, damage))
    return f"{known}." if known else ""


def told(context: Context, exchange: Exchange, damage: str) -> str:
    """What the server did, and where that is not all, what its product does."""
    enough = damage == "verb" and context.product == "Postfix" and exchange.reply is not None
    parts = (did(context, exchange), "" if enough else habit(context, damage))
    return " ".join(part for part in parts if part)
