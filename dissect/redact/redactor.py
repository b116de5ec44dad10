"""Everything that replaces names and addresses, under one key."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath

from dissect.maillog import Tie, Ties
from dissect.maillog.suspects import Suspect
from dissect.redact.addresses import Addresses
from dissect.redact.key import Key
from dissect.redact.lines import Lines
from dissect.redact.packets import Packets
from dissect.redact.transcript import Transcripts
from dissect.redact.veil import Veil
from dissect.segments import Segment


class Redactor:
    """Replaces names and addresses, under one key.

    Given to a pipeline (``dissect.pipeline.Settings``) it makes all that the pipeline gives fit to
    be shown; the other methods are for bytes and texts that do not come that way.
    """

    def __init__(self, key: Key) -> None:
        self.key = key
        self.addresses = Addresses(key)
        self.lines = Lines(key.secret, self.addresses)

    def segment(self, segment: Segment) -> Segment:
        """A segment with its addresses replaced."""
        address = self.addresses.address
        return segment._replace(
            source=address(segment.source), destination=address(segment.destination)
        )

    def veil(self) -> Veil:
        """What replaces names in one flow's dialogue."""
        return Veil(self.lines)

    def transcripts(self, most: int = 0) -> Transcripts:
        """What keeps, of a capture's dialogues, what its packets are to hold instead.

        Args:
            most: bytes of each side of a flow that are remembered; 0 for all.
        """
        return Transcripts(self.lines, most)

    def packets(self, transcripts: Transcripts) -> Packets:
        """What replaces names and addresses in the packets of a capture.

        Args:
            transcripts: of the same capture; of a flow that goes on, what was not read is blank.
        """
        return Packets(self.addresses, transcripts)

    def address(self, text: str) -> str:
        """A documentation address for an address."""
        return self.addresses.address(text)

    def original(self, text: str) -> str:
        """The address for which one stands that this object has given; otherwise itself."""
        return self.addresses.original(text)

    def command(self, data: bytes) -> bytes:
        """A client's line; the length stays."""
        return self.lines.raw(data)

    def reply(self, data: bytes) -> bytes:
        """A server's line or lines; the length stays."""
        return self.lines.reply(data)

    def text(self, text: str) -> str:
        """A line of a log or the like."""
        return self.lines.log(text)

    def file(self, name: str) -> str:
        """The name of a capture or a log, without the folders that it is in."""
        return PurePath(name).name or name

    def error(self, text: str) -> str:
        """What a program says: words stay, and names of hosts and addresses go."""
        return self.lines.error(text)

    def host(self, name: str) -> str:
        """The name or address of a host, with a user in front or a port behind."""
        return self.lines.host(name)

    def suspect(self, suspect: Suspect) -> Suspect:
        """A client that mail logs make suspect, with the line that is its example."""
        example = suspect.example._replace(
            file=self.file(suspect.example.file), text=self.text(suspect.example.text)
        )
        return replace(suspect, client=self.address(suspect.client), example=example)

    def ties(self, ties: Ties) -> Ties:
        """Lines of mail logs that belong to flows."""
        return replace(ties, tied=tuple(map(self._tie, ties.tied)))

    def _tie(self, tie: Tie) -> Tie:
        line, said = tie.line, tie.line.entry.said
        command = self.text(said.command)
        entry = line.entry._replace(
            text=self.text(line.entry.text), said=said._replace(command=command)
        )
        return tie._replace(line=line._replace(file=self.file(line.file), entry=entry))
