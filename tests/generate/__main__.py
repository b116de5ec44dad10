"""``python -m generate OUT.pcap --flows N --packets M --seed S``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from generate.capture import PACKETS_PER_FLOW, SEED, generate, truth_path


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m generate", description="Write an SMTP capture, and the truth about it."
    )
    parser.add_argument("out", type=Path, metavar="OUT.pcap")
    parser.add_argument("--flows", type=int, default=100, help="connections (default %(default)s)")
    parser.add_argument("--packets", type=int, help=f"default {PACKETS_PER_FLOW} for each flow")
    parser.add_argument("--seed", type=int, default=SEED, help="default %(default)s")
    parser.add_argument(
        "--no-checksums", dest="checksums", action="store_false", help="leave TCP checksums zero"
    )
    return parser


def main() -> int:
    """Write what the command line asks for, and say what was written."""
    parser = _parser()
    given = vars(parser.parse_args())
    out: Path = given.pop("out")
    try:
        truth = generate(out, **given)
    except ValueError as error:
        parser.error(str(error))
    written = f"{out} and {truth_path(out)}"
    sys.stderr.write(f"{written}: {truth.packets} packets, {len(truth.flows)} flows\n")
    for rule, count in truth.totals.items():
        sys.stderr.write(f"  {rule} {count}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
