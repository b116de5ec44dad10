"""tshark's PDML of a few fields, cut into rows without an XML parser.

``tshark -T pdml -e FIELD…`` prints a ``geninfo`` block and then one ``<field name value/>`` for
each occurrence of each field, in the order in which they were asked for.  ``<``, ``>``, ``&`` and
quotes are escaped in values, so that no payload can close a packet; line breaks are not, so this
is not read by lines.  It is the cheapest of tshark's formats that carries the payload.
"""

from __future__ import annotations

import re
from typing import Final

from dissect.segments.decode import FIELDS, OPENED, Row

END: Final = b"</packet>"

BEGIN: Final = b"<packet>"

REPEATED: Final = ("smtp.req.command", "smtp.response.code")
"""Fields that ordinary frames have more than once: the first is taken."""

_GENINFO: Final = (
    r'<packet>\n[^\n]*\n    <field name="num" pos="0" show="(\d+)"[^\n]*\n'
    r'    <field name="len" pos="0" show="(\d+)"[^\n]*\n[^\n]*\n'
    r'    <field name="timestamp"[^>]*? value="([^"]*)"[^\n]*\n  </proto>\n'
)


def _field(name: str) -> str:
    """The field as it stands in a packet, once or, of REPEATED, more often; the first is kept."""
    once = rf'  <field name="{name}" value="([^"]*)"/>\n'
    again = once.replace("(", "").replace(")", "")
    return f"(?:{once}(?:{again})*)?" if name in REPEATED else f"(?:{once})?"


def _run(name: str) -> str:
    """All occurrences of a field, as they stand."""
    return rf'((?:  <field name="{name}" value="[^"]*"/>\n)*)'


def _pattern(more: tuple[str, ...] = ()) -> re.Pattern[bytes]:
    """A whole packet in which no field but REPEATED occurs twice; groups in the order of a row.

    Args:
        more: fields behind ``FIELDS``, each taken with all its occurrences.
    """
    fields = [*map(_field, FIELDS), *map(_run, more)]
    return re.compile((_GENINFO + "".join(fields) + "</packet>").encode())


_PACKET: Final = _pattern()
_OPENED: Final = _pattern(OPENED)
_HEAD: Final = re.compile(_GENINFO.encode())
_FIELD: Final = re.compile(rb'  <field name="([^"]*)" value="([^"]*)"/>')


def rows(text: bytes, *, opened: bool = False) -> list[Row]:
    """The rows of a run of whole packets, in their order.

    Args:
        text: what tshark has printed.
        opened: whether it was asked for ``OPENED``, too.

    Raises:
        AssertionError: if tshark printed a packet in a shape that is not known here.
    """
    found: list[Row] = (_OPENED if opened else _PACKET).findall(text)
    if (_in_a_row(found) and _wholly(text, found)) or len(found) == text.count(END):
        return found
    return [_row(packet, OPENED if opened else ()) for packet in text.split(END)[:-1]]


def _in_a_row(found: list[Row]) -> bool:
    """Whether frame numbers have no gap: then no packet between them is of another shape."""
    return bool(found) and int(found[-1][0]) - int(found[0][0]) == len(found) - 1


def _wholly(text: bytes, found: list[Row]) -> bool:
    """Whether the first and the last packet of a text were read; counting all costs more."""
    first = text.find(BEGIN)
    second = text.find(BEGIN, first + 1)
    begins = 0 <= text.find(_number(found[0]), first) < (second if second > 0 else len(text))
    return begins and text.find(_number(found[-1]), text.rfind(BEGIN)) > 0


def _number(row: Row) -> bytes:
    """How a packet's number stands in its first field."""
    return b'show="' + row[0] + b'" showname="Number"'


def _row(packet: bytes, more: tuple[str, ...] = ()) -> Row:
    """The row of one packet of any shape; of a field that occurs twice, the innermost."""
    head = _HEAD.search(packet)
    if head is None:
        raise AssertionError(f"tshark's PDML has an unknown shape: {packet[:400]!r}")
    found = _FIELD.findall(packet, head.end())
    fields = dict(found) | dict(reversed([each for each in found if each[0].decode() in REPEATED]))
    runs = (
        b"".join(b'value="%s"\n' % value for known, value in found if known == name.encode())
        for name in more
    )
    return *head.groups(), *(fields.get(name.encode(), b"") for name in FIELDS), *runs
