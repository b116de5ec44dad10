"""Who a program runs as that reads what strangers send: nobody, where we could be everybody."""

from __future__ import annotations

import contextlib
import os
import pwd
from typing import Any, Final

NOBODY: Final = "nobody"
"""Who tshark is where we are root: its dissectors read what strangers send."""

NOWHERE: Final = "/nonexistent"
HOMES: Final = frozenset({"WIRESHARK_CONFIG_DIR", "WIRESHARK_DATA_DIR", "XDG_DATA_HOME"})


def unprivileged() -> dict[str, Any]:
    """What starts a process as a user without rights, where we have all of them."""
    if os.geteuid() != 0:
        return {}
    with contextlib.suppress(KeyError):
        who = pwd.getpwnam(NOBODY)
        # Root's settings are none of its business, and not legible to it.
        kept = {name: value for name, value in os.environ.items() if name not in HOMES}
        env = {**kept, "HOME": NOWHERE, "XDG_CONFIG_HOME": NOWHERE}
        return {
            "user": who.pw_uid, "group": who.pw_gid, "extra_groups": (), "env": env, "cwd": "/"
        }  # fmt: skip
    return {}
