"""``python -m oracles`` (in ``tests/``): the findings that ``public.toml`` does not list yet."""

from __future__ import annotations

import sys

from oracles import public
from oracles.shared import CAPTURES, reading


def main() -> int:
    """Print what is to be judged, in the form of the list; exit code 1 where there is some."""
    if not CAPTURES:
        sys.stderr.write("oracles: the public captures are not beside the project\n")
        return 3
    found = [public.unlisted(path.name, reading(path).details) for path in CAPTURES]
    sys.stdout.write("\n".join(text for text in found if text))
    return 1 if any(found) else 0


if __name__ == "__main__":
    sys.exit(main())
