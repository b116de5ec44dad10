"""All rules, in the order of the design's table."""

from __future__ import annotations

from typing import Final

from dissect.detect.rule import Rule
from dissect.detect.rules.ambiguous_end_of_data import AmbiguousEndOfData
from dissect.detect.rules.bare_newline import BareNewline
from dissect.detect.rules.bdat_size_mismatch import BdatSizeMismatch
from dissect.detect.rules.body_parsed_as_commands import BodyParsedAsCommands
from dissect.detect.rules.broken_sack import BrokenSack
from dissect.detect.rules.capture_gap import CaptureGap
from dissect.detect.rules.command_after_sync_point import CommandAfterSyncPoint
from dissect.detect.rules.conflicting_overlap import ConflictingOverlap
from dissect.detect.rules.cut_snaplen import CutSnaplen
from dissect.detect.rules.early_talker import EarlyTalker
from dissect.detect.rules.echoed_mask import EchoedMask
from dissect.detect.rules.ehlo_answered_as_noop import EhloAnsweredAsNoop
from dissect.detect.rules.forged_reset import ForgedReset
from dissect.detect.rules.header_triggered_stall import HeaderTriggeredStall
from dissect.detect.rules.idle_timeout_reset import IdleTimeoutReset
from dissect.detect.rules.injected_reply import InjectedReply
from dissect.detect.rules.joined_midway import JoinedMidway
from dissect.detect.rules.limit_drop import LimitDrop
from dissect.detect.rules.lost_recipient import LostRecipient
from dissect.detect.rules.lost_transaction import LostTransaction
from dissect.detect.rules.masked_banner import MaskedBanner
from dissect.detect.rules.masked_ehlo_keyword import MaskedEhloKeyword
from dissect.detect.rules.masked_greeting_hang import MaskedGreetingHang
from dissect.detect.rules.masked_verb import MaskedVerb
from dissect.detect.rules.missing_terminator import MissingTerminator
from dissect.detect.rules.offloaded_capture import OffloadedCapture
from dissect.detect.rules.one_sided import OneSided
from dissect.detect.rules.oversized_segment import OversizedSegment
from dissect.detect.rules.path_mtu_black_hole import PathMtuBlackHole
from dissect.detect.rules.pipelining_not_offered import PipeliningNotOffered
from dissect.detect.rules.plaintext_auth import PlaintextAuth
from dissect.detect.rules.proxy_banner import ProxyBanner
from dissect.detect.rules.rate_without_delivery import RateWithoutDelivery
from dissect.detect.rules.retry_storm import RetryStorm
from dissect.detect.rules.split_command import SplitCommand
from dissect.detect.rules.split_masked_verb import SplitMaskedVerb
from dissect.detect.rules.split_reply import SplitReply
from dissect.detect.rules.split_terminator import SplitTerminator
from dissect.detect.rules.starttls_injection import StarttlsInjection
from dissect.detect.rules.starttls_stripped import StarttlsStripped
from dissect.detect.rules.sync_error import SyncError
from dissect.detect.rules.terminator_swallowed import TerminatorSwallowed
from dissect.detect.rules.tls_on_plain_port import TlsOnPlainPort
from dissect.detect.rules.typed_by_hand import TypedByHand
from dissect.detect.rules.unanswered_command import UnansweredCommand
from dissect.detect.rules.unsolicited_reply import UnsolicitedReply
from dissect.detect.rules.unstuffed_dot import UnstuffedDot

RULES: Final[tuple[type[Rule], ...]] = (
    SplitCommand,
    SplitReply,
    SplitTerminator,
    MaskedVerb,
    SplitMaskedVerb,
    MaskedBanner,
    MaskedGreetingHang,
    MaskedEhloKeyword,
    EchoedMask,
    EhloAnsweredAsNoop,
    BodyParsedAsCommands,
    EarlyTalker,
    PipeliningNotOffered,
    CommandAfterSyncPoint,
    SyncError,
    UnansweredCommand,
    UnsolicitedReply,
    LostTransaction,
    LostRecipient,
    RetryStorm,
    RateWithoutDelivery,
    TerminatorSwallowed,
    MissingTerminator,
    UnstuffedDot,
    AmbiguousEndOfData,
    BareNewline,
    BdatSizeMismatch,
    StarttlsStripped,
    StarttlsInjection,
    TlsOnPlainPort,
    PlaintextAuth,
    ProxyBanner,
    InjectedReply,
    PathMtuBlackHole,
    OversizedSegment,
    BrokenSack,
    LimitDrop,
    HeaderTriggeredStall,
    IdleTimeoutReset,
    ForgedReset,
    ConflictingOverlap,
    OffloadedCapture,
    CaptureGap,
    OneSided,
    JoinedMidway,
    CutSnaplen,
    TypedByHand,
)

NAMES: Final = tuple(rule.info.name for rule in RULES)
