"""Findings as a post-dissector in Lua, so that Wireshark and tshark show them as fields.

The script holds the findings by frame.  It is stateless, so that it says the same in every pass of
Wireshark; and it shows a finding only where a frame has the time and the TCP sequence number that
it had in the capture that was read, so that it is silent in every other capture, also in one of the
same conversation from the other side of a firewall.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from dissect.analysis.model import FlowDetail
from dissect.detect.finding import Finding
from dissect.escape import visible
from dissect.report.text import observed, place

PART: Final = 1_000
"""Calls in one function: Lua 5.1 takes no more than 262,143 constants in one."""

FIELDS: Final = (
    ("rule", "Rule"),
    ("severity", "Severity"),
    ("message", "Message"),
    ("observed", "Observed"),
    ("original", "Original"),
    ("seam", "Seam"),
)
"""The fields that are strings, and what they are called in the tree."""

HEAD: Final = """\
-- Post-dissector for Wireshark and tshark, made by seamark {version} from
-- {capture}
-- Shows what was found in that capture, and nothing in any other:
--   tshark -X lua_script:FILE -r CAPTURE -Y seamark
--   wireshark -X lua_script:FILE CAPTURE

local findings, frames = {{}}, {{}}

local function finding(flow, ...)
  findings[#findings + 1] = {{flow = flow, ...}}
end

local function frame(number, time, sequence, which)
  frames[number] = {{time = time, sequence = sequence, which = which}}
end

local part
"""

TAIL: Final = """
-- Where several such scripts are loaded, the first shows what all of them know; each has
-- globals of its own, beside those that all share.
_G.seamark_captures = _G.seamark_captures or {{}}
table.insert(_G.seamark_captures, {{findings = findings, frames = frames}})
if #_G.seamark_captures > 1 then return end
local captures = _G.seamark_captures

local protocol = Proto("seamark", "Seamark: damage to mail")
local strings = {{
{strings}
}}
local flow = ProtoField.uint32("seamark.flow", "Flow")
protocol.fields = {{flow, (table.unpack or unpack)(strings)}}

local function expert_info(severity, level)
  local name = "Finding of severity " .. severity
  return ProtoExpert.new("seamark.expert." .. severity, name, expert.group.SEQUENCE, level)
end

local experts = {{
  critical = expert_info("critical", expert.severity.ERROR),
  high = expert_info("high", expert.severity.ERROR),
  medium = expert_info("medium", expert.severity.WARN),
  low = expert_info("low", expert.severity.NOTE),
  info = expert_info("info", expert.severity.CHAT),
}}
protocol.experts = {{
  experts.critical, experts.high, experts.medium, experts.low, experts.info
}}

local sequence_number = Field.new("tcp.seq_raw")

local function has(sequence)
  for _, each in ipairs({{sequence_number()}}) do
    if each.value == sequence then return true end
  end
  return false
end

-- Times are numbers of 53 bits, which hold no nanoseconds.
local function at(time, pinfo)
  return math.abs(pinfo.abs_ts - time) < 0.000002
end

local function show(each, tree)
  local rule, severity, message = each[1], each[2], each[3]
  local item = tree:add(protocol, "Seamark: " .. rule .. " (" .. severity .. ")")
  item:set_generated()
  for index, field in ipairs(strings) do
    if each[index] ~= "" then item:add(field, each[index]):set_generated() end
  end
  item:add(flow, each.flow):set_generated()
  item:add_proto_expert_info(experts[severity], rule .. ": " .. message)
end

function protocol.dissector(_, pinfo, tree)
  for _, capture in ipairs(captures) do
    local known = capture.frames[pinfo.number]
    if known and at(known.time, pinfo) and has(known.sequence) then
      for _, which in ipairs(known.which) do show(capture.findings[which], tree) end
    end
  end
end

register_postdissector(protocol)
"""


class Mark(NamedTuple):
    """By what a frame is known again, beside its number."""

    sequence: int
    """Its raw TCP sequence number; 0 where it has none."""
    time: float
    """Seconds since the epoch."""


def script(
    details: Iterable[FlowDetail], mark: Callable[[int], Mark], capture: str, version: str
) -> Iterator[str]:
    """The script, piece by piece.

    Args:
        details: conversations with their findings.
        mark: tells by its number by what else a frame is known.
        capture: the name of the capture.
        version: what made the script.
    """
    frames: dict[int, list[int]] = {}
    yield HEAD.format(capture=visible(capture), version=version)
    yield from _parts(_findings(details, frames))
    yield from _parts(_frame(number, mark(number), frames[number]) for number in sorted(frames))
    fields = [f'  ProtoField.string("seamark.{name}", "{title}"),' for name, title in FIELDS]
    yield TAIL.format(strings="\n".join(fields))


def literal(text: str) -> str:
    """A string of Lua that is exactly ``text``, and nothing but a string whatever it holds.

    Letters, digits and other harmless characters stay; every other byte of its UTF-8 is a decimal
    escape of three digits, which no digit that follows can change (Lua 5.1 to 5.4, 3.1).
    """
    data = text.encode("utf-8", "replace")
    return '"' + "".join(chr(byte) if byte in PLAIN else f"\\{byte:03d}" for byte in data) + '"'


PLAIN: Final = frozenset(range(0x20, 0x7F)) - frozenset(b'"\\')
"""Bytes that stand for themselves in a string of Lua."""


def _findings(details: Iterable[FlowDetail], frames: dict[int, list[int]]) -> Iterator[str]:
    """A call for each finding; the frames learn their findings, by number from 1."""
    number = 0
    for detail in details:
        for finding in detail.findings:
            number += 1
            for frame in finding.frames:
                frames.setdefault(frame, []).append(number)
            words = ", ".join(map(literal, _values(finding)))
            yield f"  finding({finding.flow}, {words})\n"


def _values(finding: Finding) -> tuple[str, ...]:
    """What the fields of a finding hold, in the order of ``FIELDS``; all of it safe to show."""
    return (
        finding.rule,
        str(finding.severity),
        visible(finding.message),
        observed(finding),
        visible(finding.original),
        place(finding.seam) if finding.seam else "",
    )


def _frame(number: int, mark: Mark, which: list[int]) -> str:
    found = ", ".join(map(str, which))
    return f"  frame({number}, {mark.time:.6f}, {mark.sequence}, {{{found}}})\n"


def _parts(calls: Iterable[str]) -> Iterator[str]:
    """Calls, some to a function that is called at once."""
    yield "function part()\n"
    for index, call in enumerate(calls, 1):
        yield call
        if index % PART == 0:
            yield "end\npart()\nfunction part()\n"
    yield "end\npart()\n"
