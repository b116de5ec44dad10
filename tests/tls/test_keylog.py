"""``--keylog`` on the command line: what is said of a file that helps, and of one that does not."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
from cli.command import FOUNDING, ROOT, Ran, scan, seamark
from cli.fakes import fake_tshark, needs_tshark
from cli.test_bad_input import powerless
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from dissect.analysis.model import Outcome, RowKind
from tls.reading import SECRETS, capture, flow, joined, keys

pytestmark = needs_tshark

NAME = "starttls-1.3"
CLIENT, SERVER = "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"


def opened(path: Path, keylog: Path, *more: str) -> Ran:
    """Scan a capture with a key log, as JSON Lines."""
    return scan(path, "--keylog", keylog, "--format", "jsonl", *more)


def objects(ran: Ran, kind: str) -> list[dict[str, object]]:
    """The objects of one type."""
    found = [json.loads(line) for line in ran.out.splitlines()]
    return [each for each in found if each["type"] == kind]


def warnings(ran: Ran) -> list[str]:
    """What the summary says of the reading."""
    (summary,) = objects(ran, "summary")
    told = summary["warnings"]
    assert isinstance(told, list)
    return told


def without(folder: Path, *labels: str) -> Path:
    """The key log of the session, without some of its lines."""
    lines = keys(NAME).read_text().splitlines(keepends=True)
    path = folder / "some.keys"
    path.write_text("".join(line for line in lines if not line.startswith(labels)))
    return path


def test_all_keys_need_no_word(tmp_path: Path) -> None:
    """All was opened, so nothing is said of it; order and comments do not matter."""
    lines = keys(NAME).read_text().splitlines(keepends=True)
    turned = tmp_path / "turned.keys"
    turned.write_text("# by hand\n\n" + "".join(reversed(lines)))
    ran = opened(capture(NAME), turned)
    assert (ran.code, warnings(ran)) == (0, [])
    (told,) = objects(ran, "flow")
    assert (told["outcome"], told["tls"]) == ("delivered", "decrypted")


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ((), "opens none of 1 conversation in TLS"),
        ((CLIENT,), "opens none of 1 conversation in TLS"),
        ((SERVER,), "1 up to where a key or a packet is missing"),
        ((CLIENT, SERVER), "opens none of 1 conversation in TLS"),
        (("CLIENT_HANDSHAKE", "SERVER_HANDSHAKE"), "opens none of 1 conversation in TLS"),
    ],
    ids=["other session", "no client", "no server", "only handshake", "no handshake"],
)
def test_keys_that_do_not_fit(tmp_path: Path, labels: tuple[str, ...], said: str) -> None:
    """Keys of another session, or half of them: it is said, and nothing is made up or lost."""
    keylog = without(tmp_path, *labels) if labels else keys("implicit-1.3")
    ran = opened(capture(NAME), keylog)
    plain = scan(capture(NAME), "--format", "jsonl")
    assert (ran.code, objects(ran, "finding")) == (0, [])
    (warning,) = warnings(ran)
    assert said in warning
    ((with_keys,), (bare,)) = objects(ran, "flow"), objects(plain, "flow")
    assert with_keys["outcome"] == "encrypted"
    kept = ("frames", "bytes", "start", "end", "helo", "banner", "client", "server")
    assert {key: with_keys[key] for key in kept} == {key: bare[key] for key in kept}


@pytest.mark.parametrize("labels", [(CLIENT,), (CLIENT, SERVER), ("#", "SERVER", "CLIENT")])
def test_what_stays_sealed_has_its_rows(tmp_path: Path, labels: tuple[str, ...]) -> None:
    """With keys that open nothing the ladder is what it is without any."""
    with_keys, bare = flow(capture(NAME), without(tmp_path, *labels)), flow(capture(NAME))
    sizes = [
        {side: sum(row.size for row in detail.rows if row.kind is RowKind.TLS and row.side is side)
         for side in {row.side for row in detail.rows}}
        for detail in (with_keys, bare)
    ]  # fmt: skip
    assert sizes[0] == sizes[1]
    clear = [
        [row for row in each.rows if row.kind is not RowKind.TLS] for each in (with_keys, bare)
    ]
    assert [row.text for row in clear[0]] == [row.text for row in clear[1]]
    assert with_keys.summary.outcome is Outcome.ENCRYPTED


def test_one_session_of_two(tmp_path: Path) -> None:
    """A capture of two sessions with the keys of one: how many were opened is said."""
    both = tmp_path / "both.pcap"
    both.write_bytes(joined(capture(NAME), capture("implicit-1.2")))
    ran = opened(both, keys("implicit-1.2"))
    assert {flow["outcome"] for flow in objects(ran, "flow")} == {"encrypted", "delivered"}
    (warning,) = warnings(ran)
    assert warning.endswith("the key log opens 1 of 2 conversations in TLS, 1 not at all")


def test_one_key_log_of_several_sessions(tmp_path: Path) -> None:
    """Programs append to one file: all sessions are opened with it."""
    both, log = tmp_path / "both.pcap", tmp_path / "all.keys"
    both.write_bytes(joined(capture(NAME), capture("implicit-1.2")))
    log.write_text(keys(NAME).read_text() + keys("implicit-1.2").read_text())
    ran = opened(both, log)
    assert {flow["outcome"] for flow in objects(ran, "flow")} == {"delivered"}
    assert warnings(ran) == []


def test_a_packet_that_is_missing(tmp_path: Path) -> None:
    """A hole in the records: what was before it is told, the rest stays sealed, and it is said."""
    cut = tmp_path / "hole.pcap"
    cut.write_bytes(_without_frame(capture(NAME).read_bytes(), 49))
    ran = opened(cut, keys(NAME))
    (told,) = objects(ran, "flow")
    assert (told["tls"], told["reverse_path"]) == ("partly", "alice@example.org")
    assert any("1 up to where a key or a packet is missing" in each for each in warnings(ran))
    assert {finding["rule"] for finding in objects(ran, "finding")} <= {
        "split-command", "capture-gap"
    }  # fmt: skip


def _without_frame(data: bytes, number: int) -> bytes:
    """A capture without one of its packets."""
    at = 24
    for _ in range(number - 1):
        at += 16 + int.from_bytes(data[at + 8 : at + 12], "little")
    return data[:at] + data[at + 16 + int.from_bytes(data[at + 8 : at + 12], "little") :]


def test_no_tls_at_all() -> None:
    """A capture in the clear is read as ever, and the key log was not needed."""
    ran, plain = opened(FOUNDING, keys(NAME)), scan(FOUNDING, "--format", "jsonl")
    assert objects(ran, "finding") == objects(plain, "finding")
    assert objects(ran, "flow") == objects(plain, "flow")
    (warning,) = warnings(ran)
    assert "the key log was not needed" in warning


def refused(ran: Ran, code: int, said: str) -> None:
    """Told before anything is read, in a line and what to do; nothing of a terminal's is in it."""
    assert (ran.code, ran.out) == (code, "")
    first, second = ran.err.splitlines()
    assert first.startswith("seamark: ")
    assert said in first
    assert second.startswith("  ")
    assert "\x1b" not in ran.err


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """A text, bytes of any kind, a folder, and a name that is nobody's."""
    path = tmp_path / "no\x1b[31m.keys"
    refused(scan(capture(NAME), "--keylog", path), 3, "there is no such key log")
    path.write_text("hello\n")
    refused(scan(capture(NAME), "--keylog", path), 2, "is no key log")
    path.write_bytes(b"\xff\x00\n" * 99)
    refused(scan(capture(NAME), "--keylog", path), 2, "is no key log")
    refused(scan(capture(NAME), "--keylog", tmp_path), 2, "is no plain file")


@pytest.mark.parametrize("words", [("open",), ("report", "-o"), ("export", "-o"), ("split", "-d")])
def test_every_command_that_reads_captures_looks_at_it(
    tmp_path: Path, words: tuple[str, ...]
) -> None:
    """Before anything is read or written."""
    command, *more = words
    wanted: list[str | Path] = [*more, tmp_path / "new.md"] if more else []
    refused(
        seamark(command, capture(NAME), "--keylog", tmp_path / "no.keys", *wanted),
        3, "there is no such key log",
    )  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_a_file_without_the_right_to_read_it(tmp_path: Path) -> None:
    """The reason is the system's."""
    log = tmp_path / "mine.keys"
    log.write_bytes(keys(NAME).read_bytes())
    log.chmod(0)
    refused(
        scan(capture(NAME), "--keylog", log, before=powerless()),
        3, "mine.keys cannot be read: Permission denied",
    )  # fmt: skip


def test_a_display_filter_that_cannot_hold() -> None:
    """With a key log tshark's SMTP dissector is off; a filter that needs it is refused."""
    ran = opened(capture(NAME), keys(NAME), "-Y", "smtp.req.command")
    assert ran.code == 2
    assert "a display filter finds no smtp" in ran.err
    assert opened(capture(NAME), keys(NAME), "-Y", 'tcp.port == 25 or ip.host == "smtp"').code == 0


def test_a_tshark_that_cannot(tmp_path: Path) -> None:
    """One that does not know the preference: its words, and what to do; nothing is half read."""
    words = 'tshark: -o flag "tls.keylog_file:/dev/null" specifies unknown preference'
    body = (
        f"""case "$*" in *tls.keylog_file*) echo '{words}' >&2; exit 1;; esac; exec "$REAL" "$@" """
    )
    ran = scan(capture(NAME), "--keylog", keys(NAME), env=fake_tshark(tmp_path, body))
    assert (ran.code, ran.out) == (3, "")
    assert "This tshark cannot use a key log" in ran.err
    assert "unknown preference" in ran.err
    assert "Leave --keylog out" in ran.err
    assert scan(capture(NAME), env=fake_tshark(tmp_path, body)).code == 0


@pytest.mark.parametrize("words", [("scan",), ("scan", "--format", "jsonl"),
                                   ("scan", "--format", "csv"), ("report", "-o", "-"),
                                   ("report", "--no-redact", "--format", "html", "-o", "-")],
                         ids=" ".join)  # fmt: skip
def test_no_output_shows_a_credential(words: tuple[str, ...]) -> None:
    """What AUTH PLAIN says inside TLS is in no output, in no form."""
    ran = seamark(*words, capture("masked-1.3"), "--keylog", keys("masked-1.3"))
    assert "masked-verb" in ran.out
    assert not any(secret in ran.raw_out + ran.raw_err for secret in SECRETS)


def test_redaction_reaches_inside() -> None:
    """Names that were said inside TLS are replaced as in the clear, at the same lengths."""
    ran = opened(capture("masked-1.3"), keys("masked-1.3"), "--redact")
    plain = opened(capture("masked-1.3"), keys("masked-1.3"))
    assert "alice" in plain.out
    assert not any(name in ran.out for name in ("alice", "dave@", "192.0.2.10"))
    rules = [[(each["rule"], each["frames"], each["seam"]) for each in objects(one, "finding")]
             for one in (ran, plain)]  # fmt: skip
    assert rules[0] == rules[1]


def test_a_report_says_how_it_was_read() -> None:
    """Who verifies it in Wireshark needs the key log, and is told so."""
    ran = seamark(
        "report", capture("masked-1.3"), "--keylog", keys("masked-1.3"), "-o", "-", "--no-redact"
    )
    text = " ".join(ran.out.split())
    assert "could be read with a key log" in text
    assert "(Pre)-Master-Secret log filename" in text
    assert "tshark -o tls.keylog_file:KEYS -r" in text
    assert "XX|XX TO:<dave@example.net>" in text


def test_export_and_split_choose_by_what_was_inside(tmp_path: Path) -> None:
    """A finding inside TLS chooses its conversation, and comments its frames."""
    words = (capture("masked-1.3"), "--rule", "masked-verb")
    bare = seamark("export", *words, "-o", tmp_path / "none.pcapng")
    assert (bare.code, "No conversation was chosen" in bare.err) == (3, True)
    keyed = (*words, "--keylog", keys("masked-1.3"))
    ran = seamark("export", *keyed, "-o", tmp_path / "evidence.pcapng")
    assert ran.out.startswith("78 packets of 1 conversation, 2 with comments")
    assert seamark("split", *keyed, "-d", tmp_path / "parts").code == 0
    assert "masked-verb" in (tmp_path / "parts" / "index.jsonl").read_text()


@pytest.mark.parametrize("name", ["starttls-1.2", "masked-1.3", "implicit-1.3"])
def test_packets_are_redacted_as_without_keys(tmp_path: Path, name: str) -> None:
    """``export --redact`` leaves nothing of TLS but the heads of records, keys or not."""
    said = ("export", capture(name), "--redact", "--redact-key", tmp_path / "redact.key")
    assert seamark(*said, "-o", tmp_path / "bare.pcapng").code == 0
    keyed = seamark(*said, "-o", tmp_path / "keyed.pcapng", "--keylog", keys(name))
    assert (keyed.code, keyed.err) == (0, "")
    bare, with_keys = (_packets(tmp_path / f"{each}.pcapng") for each in ("bare", "keyed"))
    assert with_keys == bare
    sealed = capture(name).read_bytes()[-3000:-2900]
    assert not any(sealed[:20] in packet for packet in bare)


def _packets(path: Path) -> list[bytes]:
    """The packets of a pcapng, without their comments."""
    data, at, found = path.read_bytes(), 0, []
    while at < len(data):
        kind, size = struct.unpack("<II", data[at : at + 8])
        if kind == 6:
            length = struct.unpack("<I", data[at + 20 : at + 24])[0]
            found.append(data[at + 28 : at + 28 + length])
        at += size
    return found


def test_a_key_log_of_no_use_is_told_where_packets_are_written(tmp_path: Path) -> None:
    """``export`` with keys of another session writes what there is, and says what was opened."""
    ran = seamark(
        "export", capture(NAME), "--keylog", keys("implicit-1.2"), "-o", tmp_path / "x.pcapng"
    )
    assert ran.code == 0
    assert "opens none of 1 conversation in TLS" in ran.err


def test_the_lines_are_those_of_the_schema() -> None:
    """Boundaries of records, and how much was opened, are described."""
    schema = json.loads((ROOT / "dissect" / "report" / "schema.json").read_text())
    validator = Draft202012Validator(schema)
    lines = opened(capture("masked-1.3"), keys("masked-1.3")).out.splitlines()
    assert [list(validator.iter_errors(json.loads(line))) for line in lines] == [[]] * len(lines)
    assert any('"kind":"record"' in line for line in lines)


def test_the_environment_names_it() -> None:
    """As every option, it can be set beside the command line."""
    env = {"SEAMARK_SCAN_KEYLOG": str(keys(NAME))}
    ran = scan(capture(NAME), "--format", "jsonl", env=env)
    assert [flow["tls"] for flow in objects(ran, "flow")] == ["decrypted"]
