"""All rules, in the order of the design's table."""

from __future__ import annotations

from typing import Final

from dissect.detect.rule import Rule
from dissect.detect.rules.capture_gap import CaptureGap
from dissect.detect.rules.command_after_sync_point import CommandAfterSyncPoint
from dissect.detect.rules.cut_snaplen import CutSnaplen
from dissect.detect.rules.echoed_mask import EchoedMask
from dissect.detect.rules.joined_midway import JoinedMidway
from dissect.detect.rules.lost_recipient import LostRecipient
from dissect.detect.rules.lost_transaction import LostTransaction
from dissect.detect.rules.masked_banner import MaskedBanner
from dissect.detect.rules.masked_ehlo_keyword import MaskedEhloKeyword
from dissect.detect.rules.masked_verb import MaskedVerb
from dissect.detect.rules.offloaded_capture import OffloadedCapture
from dissect.detect.rules.one_sided import OneSided
from dissect.detect.rules.pipelining_not_offered import PipeliningNotOffered
from dissect.detect.rules.retry_storm import RetryStorm
from dissect.detect.rules.split_command import SplitCommand
from dissect.detect.rules.split_masked_verb import SplitMaskedVerb
from dissect.detect.rules.split_reply import SplitReply
from dissect.detect.rules.split_terminator import SplitTerminator
from dissect.detect.rules.sync_error import SyncError
from dissect.detect.rules.terminator_swallowed import TerminatorSwallowed
from dissect.detect.rules.typed_by_hand import TypedByHand
from dissect.detect.rules.unanswered_command import UnansweredCommand
from dissect.detect.rules.unsolicited_reply import UnsolicitedReply

RULES: Final[tuple[type[Rule], ...]] = (
    SplitCommand,
    SplitReply,
    SplitTerminator,
    MaskedVerb,
    SplitMaskedVerb,
    MaskedBanner,
    MaskedEhloKeyword,
    EchoedMask,
    PipeliningNotOffered,
    CommandAfterSyncPoint,
    SyncError,
    UnansweredCommand,
    UnsolicitedReply,
    LostTransaction,
    LostRecipient,
    RetryStorm,
    TerminatorSwallowed,
    OffloadedCapture,
    CaptureGap,
    OneSided,
    JoinedMidway,
    CutSnaplen,
    TypedByHand,
)

NAMES: Final = tuple(rule.info.name for rule in RULES)
