"""What is asked of a machine from which packets are to come."""

from __future__ import annotations

from typing import Final

from dissect.source.facts import Facts, ask, script
from dissect.source.tap import Tap

SCRIPT: Final = script(r"""
where() { IFS=:; for d in $PATH; do if [ -f "$d/$1" ]; then echo "$d/$1"; return; fi; done; };
say time "$(date +%s)";
say shell "${SHELL-}";
say system "$(uname -s)";
say user "$(id -un)";
say connection "${SSH_CONNECTION-}";
for t in tcpdump dumpcap; do
  if command -v $t >/dev/null; then say $t "$($t --version 2>&1 | head -n 1)"; fi;
done;
say uid "$(id -u)";
say groups "$(id -Gn)";
say listed "$(id -Gn "$(id -un)")";
say ambient "$(sed -n 's/^CapAmb:[^0-9a-f]*//p' /proc/self/status 2>/dev/null)";
for t in tcpdump dumpcap; do
  p=$(where $t);
  if [ -n "$p" ]; then
    say file "$(ls -ldL "$p")";
    say path "$t $p";
    if command -v getcap >/dev/null; then say capabilities "$t $(getcap "$p")"; fi;
  fi;
done;
if command -v dpkg-reconfigure >/dev/null; then say debian yes; fi;
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
