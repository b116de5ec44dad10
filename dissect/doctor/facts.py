"""What is asked of a machine from which packets are to come."""

from __future__ import annotations

from typing import Final

from dissect.source.facts import Facts, ask, script
from dissect.source.tap import Tap

SCRIPT: Final = script(r"""
say time "$(date +%s)";
say shell "${SHELL-}";
say system "$(uname -s)";
say user "$(id -un)";
say connection "${SSH_CONNECTION-}";
for t in tcpdump dumpcap; do
  if command -v $t >/dev/null; then say $t "$($t --version 2>&1 | head -n 1)"; fi;
done;
case $(tcpdump --help 2>&1) in *immediate-mode*) say immediate yes;; esac;
if command -v ethtool >/dev/null; then say ethtool yes; fi;
for d in /sys/class/net/*; do
  if [ -r "$d/operstate" ]; then
    n=${d##*/};
    say interface "$n $(cat "$d/operstate")";
    say offload "$n $(ethtool -k "$n" 2>/dev/null |
      grep -E '^(generic|large|tcp)-(receive|segmentation)-offload: on$' |
      cut -d : -f 1 | tr '\n' ' ')";
  fi;
done;
""")


def facts(tap: Tap) -> Facts:
    """Ask the machine of a capture.

    Raises:
        SeamarkError: if it cannot be reached, or has no POSIX shell.
    """
    return ask(tap, SCRIPT)
