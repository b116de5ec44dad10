"""Messages with many recipients, laid out so that a packet boundary falls where it is wanted."""

from __future__ import annotations

from dataclasses import dataclass

_FILL = "ofthefacultyofmedievalandmodernlanguageslist"
_LINE = "The rooms are those of last year, but for the ones that are being painted."


@dataclass(frozen=True)
class Message:
    """One message as the sender hands it over; every retry of it has the same bytes."""

    name: str
    """Becomes the subject and the stem of the Message-Id."""
    sender: str
    recipients: int
    """How many RCPT commands go into the pipelined group."""
    cuts: tuple[int, ...] = ()
    """For each packet boundary in the group: how many bytes of a RCPT line come before it."""
    manner: str = "pipelined"
    """Of `lab.manners.MANNERS`: how it is sent."""
    lines: int = 0
    """Further lines of text."""
    ending: str = ""
    """What the text ends with, as it goes over the wire."""
    last: int = 0
    """How many bytes of CRLF.CRLF travel in a packet of their own; 0: it travels with the text."""
    amiss: int = 0
    """How many bytes more than it has a chunk is said to have; negative: how many fewer."""
    source: str = ""
    """Own address; empty: the one that the system chooses."""

    def group(self, size: int) -> bytes:
        """MAIL, all RCPT and DATA in one piece, for packets of `size` payload bytes."""
        lines = self.envelope()
        for index, offset in enumerate(self.cuts, start=1):
            _place(lines, index * size - offset)
        return "".join([*lines, "DATA\r\n"]).encode()

    def envelope(self) -> list[str]:
        """MAIL and all RCPT, a line each."""
        mail = f"MAIL FROM:<{self.sender}> SIZE={len(self.text())}\r\n"
        return [mail, *(_recipient(number) for number in range(1, self.recipients + 1))]

    def text(self) -> bytes:
        """Header and body, without the dot that ends them."""
        lines = (
            f"From: <{self.sender}>",
            "To: undisclosed-recipients:;",
            f"Subject: {self.name}",
            f"Message-Id: <{self.name.replace(' ', '.')}@mail.example.org>",
            "",
            "Dear colleagues,",
            "lectures begin on Thursday.",
            *[_LINE] * self.lines,
        )
        return ("".join(f"{line}\r\n" for line in lines) + self.ending).encode()


def _recipient(number: int, fill: str = "") -> str:
    return f"RCPT TO:<recipient{number:04}{fill}@cam.example.net>\r\n"


def _place(lines: list[str], start: int) -> None:
    """Lengthen one address so that a line begins at byte `start` of the group."""
    position = index = 0
    while position + len(lines[index]) <= start:
        position, index = position + len(lines[index]), index + 1
    padded = index - 1
    lines[padded] = _recipient(padded, _FILL[: start - position])
