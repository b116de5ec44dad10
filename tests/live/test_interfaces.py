"""``seamark live -D``: interfaces here, in a namespace of its own, and through a real sshd."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from lab.needs import missing
from live.seamark_live import ROOT

from dissect.commands.interfaces import FORMATS
from dissect.source.facts import Facts, parsed
from dissect.source.interfaces import SCRIPT, listing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from live.conftest import Sshd

    from dissect.source.interface import Interface

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="loopback is called lo")
SCHEMA = ROOT / "dissect" / "report" / "schema.json"
ESCAPE = "\x1b"


def run(*words: str, inside: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    """A run, in a network namespace if one is named."""
    where = ("ip", "netns", "exec", inside) if inside else ()
    return subprocess.run(
        (*where, sys.executable, "-P", "-m", "tui", "live", *words), check=False, text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env}, capture_output=True, timeout=60,
    )  # fmt: skip


def objects(ran: subprocess.CompletedProcess[str]) -> dict[str, dict[str, Any]]:
    """The interfaces by their names, each of them as the schema wants it."""
    schema = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    found = [json.loads(line) for line in ran.stdout.splitlines()]
    for each in found:
        schema.validate(each)
    return {each["name"]: each for each in found}


def told(*lines: str) -> dict[str, Interface]:
    """What is understood of facts."""
    said = "".join(f"seamark\t{line}\n" for line in lines)
    return {each.name: each for each in listing(parsed(said, 0.0, 1.0)).interfaces}


@contextlib.contextmanager
def traffic() -> Iterator[None]:
    """Packets on loopback, for as long as it lasts."""
    enough = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken, contextlib.ExitStack() as stack:
        taken.bind(("127.0.0.1", 0))
        sender = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))

        def send() -> None:
            while not enough.wait(0.01):
                sender.sendto(b"x" * 972, taken.getsockname())

        thread = threading.Thread(target=send)
        thread.start()
        yield
        enough.set()
        thread.join()


@pytest.fixture
def namespace() -> Iterator[str]:
    """A network of its own: a pair of interfaces with a carrier, one without, one that is off."""
    if reason := missing():
        pytest.skip(reason)
    name = f"seamark-{os.getpid()}-list"
    subprocess.run(("ip", "netns", "add", name), check=True)
    try:
        for words in (
            ("link", "add", "near", "type", "veth", "peer", "name", "far"),
            ("link", "set", "near", "up"),
            ("link", "set", "far", "up"),
            ("link", "add", "alone", "type", "veth", "peer", "name", f"a{ESCAPE}[31mb"),
            ("link", "set", "alone", "up"),
            ("addr", "add", "192.0.2.25/24", "dev", "near"),
            ("addr", "add", "2001:db8::25/64", "dev", "near"),
        ):
            subprocess.run(("ip", "-n", name, *words), check=True)
        yield name
    finally:
        subprocess.run(("ip", "netns", "delete", name), check=True)


# ---- this machine -------------------------------------------------------------------------------


@LINUX
def test_what_passes_is_measured() -> None:
    """What comes in on loopback has gone out there, and a packet has its size."""
    with traffic():
        lo = objects(run("-D", "--format", "jsonl"))["lo"]
    assert (lo["where"], lo["state"]) == ("this machine", "up")
    assert "127.0.0.1/8" in lo["addresses"]
    assert lo["packets_per_second"]["in"] == lo["packets_per_second"]["out"] > 0
    assert lo["bytes_per_second"]["in"] > 500 * lo["packets_per_second"]["in"]


def test_states_and_addresses(namespace: str) -> None:
    """Both come from the namespace in which it runs, as they were set there."""
    found = objects(run("-D", "--format", "jsonl", inside=namespace))
    assert {name: each["state"] for name, each in found.items()} == {
        "near": "up", "far": "up", "alone": "no-carrier", "lo": "down", f"a{ESCAPE}[31mb": "down"
    }  # fmt: skip
    assert {*list(found)[:2]} == {"near", "far"}, "those that are up come first"
    assert {"192.0.2.25/24", "2001:db8::25/64"} <= set(found["near"]["addresses"])
    assert found["lo"]["addresses"] == []


def test_names_reach_no_terminal_as_they_are(namespace: str) -> None:
    """An escape sequence in the name of an interface is shown, and not obeyed."""
    ran = run("-D", inside=namespace)
    assert ESCAPE not in ran.stdout
    assert "␛[31mb" in ran.stdout
    assert max(map(len, ran.stdout.splitlines())) <= 80


@LINUX
def test_it_takes_no_rights() -> None:
    """Nobody may list interfaces, too."""
    if os.geteuid() != 0:
        pytest.skip("only root may become nobody")
    ran = subprocess.run(
        ("/bin/sh", "-c", SCRIPT), check=True, text=True, capture_output=True, timeout=60,
        user="nobody", cwd="/", env={},
    )  # fmt: skip
    assert "lo" in {each.name for each in listing(parsed(ran.stdout, 0.0, 1.0)).interfaces}


@pytest.mark.parametrize(
    "words", [("-i", "lo"), ("-",), ("--follow", "mail.pcap"), ("--ssh", "-oProxyCommand=id")]
)
def test_what_cannot_be_meant(words: tuple[str, ...]) -> None:
    """A choice of what is to be captured does not go with it."""
    ran = run("-D", *words)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("seamark: ")


@LINUX
def test_a_setting_of_an_interface_is_no_choice() -> None:
    """Who always watches eth0 may still ask what else there is."""
    assert run("-D", SEAMARK_LIVE_INTERFACES="eth0").returncode == 0


# ---- behind ssh ---------------------------------------------------------------------------------


@LINUX
def test_there(sshd: Sshd) -> None:
    """A shell is enough on the other side."""
    where = f"root@127.0.0.1:{sshd.port}"
    with traffic():
        ran = run("-D", "--ssh", where, "--batch", "--format", "jsonl", **sshd.env)
    lo = objects(ran)["lo"]
    assert (ran.returncode, lo["where"], lo["state"]) == (0, where, "up")
    assert lo["packets_per_second"]["in"] > 0


@LINUX
def test_one_that_cannot_be_asked(sshd: Sshd) -> None:
    """It is told, the others are listed, and the exit code says so."""
    where = f"root@127.0.0.1:{sshd.port}"
    hosts = ("--ssh", "root@127.0.0.1:1", "--ssh", where)
    ran = run("-D", *hosts, "--batch", **sshd.env)
    assert ran.returncode == 3
    assert "root@127.0.0.1:1 has no ssh server" in ran.stderr
    assert f"{where}, measured over" in ran.stdout
    assert f"To watch one: seamark live --ssh {where} -i NAME; -i any takes all" in ran.stdout


@LINUX
def test_without_any_program(sshd: Sshd) -> None:
    """The kernel tells names, states and counters; that addresses are not known is said."""
    sshd.program("ip", "exit 127")
    sshd.program("ifconfig", "exit 127")
    there = ("-D", "--ssh", f"root@127.0.0.1:{sshd.port}", "--batch")
    lo = objects(run(*there, "--format", "jsonl", **sshd.env))["lo"]
    assert (lo["state"], lo["addresses"]) == ("up", None)
    assert lo["packets_per_second"] is not None
    assert "addresses unknown: neither ip nor ifconfig is there" in run(*there, **sshd.env).stdout


# ---- what is understood -------------------------------------------------------------------------

DEV = "{}: {} {} 0 0 0 0 0 0 {} {} 0 0 0 0 0 0"


def test_rates_are_of_a_second() -> None:
    """However long it took: the machine's own clock is asked."""
    found = told(
        "clock\t100.00", "counters\t" + DEV.format("eth0", 1000, 10, 500, 5),
        "counters\t" + DEV.format("ppp0", 1000, 10, 500, 5),
        "clock\t102.00", "counters\t" + DEV.format("eth0", 5000, 30, 600, 6),
        "counters\t" + DEV.format("ppp0", 10, 1, 0, 0),
        "counters\t" + DEV.format("tun0", 1, 1, 1, 1),
    )  # fmt: skip
    assert found["eth0"].rate == (10.0, 2000.0, 0.5, 50.0)
    assert found["ppp0"].rate is None, "its counters began anew"
    assert found["tun0"].rate is None, "it is new"


def test_the_busiest_comes_first() -> None:
    """Behind all that are up come those that are not."""
    found = told(
        *("clock\t1.00", *(f"counters\t{DEV.format(n, 0, 0, 0, 0)}" for n in "abcd")),
        *("clock\t2.00", *(f"counters\t{DEV.format(n, 9, 9 * 'acbd'.index(n), 0, 0)}"
                           for n in "abcd")),
        *(f"link\t1: {n}: <UP,LOWER_UP> mtu 1500" for n in "abc"), "link\t1: d: <> mtu 1500",
    )  # fmt: skip
    assert list(found) == ["b", "c", "a", "d"]


NETSTAT = """\
Name  Mtu   Network    Address           Ipkts Ierrs Ibytes Opkts Oerrs Obytes Coll
lo0   16384 <Link#1>                      {lo}     0   8000  {lo}     0   8000    0
lo0   16384 127        127.0.0.1           100     -   8000   100     -   8000    -
en0   1500  <Link#4>   02:00:5e:00:53:01  {en}     0   {by}    10     0   1000    0
en1*  1500  <Link#5>   02:00:5e:00:53:02     0     0      0     0     0      0    0
"""
IFCONFIG = (
    "ifconfig\tlo0: flags=8049<UP,LOOPBACK,RUNNING,MULTICAST> mtu 16384",
    "ifconfig\t\tinet 127.0.0.1 netmask 0xff000000 ",
    "ifconfig\t\tinet6 fe80::1%lo0 prefixlen 64 scopeid 0x1 ",
    "ifconfig\ten0: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500",
    "ifconfig\t\tinet 192.0.2.7 netmask 0xffffff00 broadcast 192.0.2.255",
    "ifconfig\t\tstatus: active",
    "ifconfig\ten1: flags=8863<UP,BROADCAST,SMART,RUNNING,SIMPLEX,MULTICAST> mtu 1500",
    "ifconfig\t\tstatus: inactive",
    "ifconfig\tgif0: flags=8010<POINTOPOINT,MULTICAST> mtu 1280",
)


def test_netstat_and_ifconfig() -> None:
    """The columns of macOS, where that of an address may be empty, and no clock tells hundredths.

    Formats: https://github.com/kellyjonbrazil/jc, tests/fixtures/osx-10.14.6.
    """
    before = NETSTAT.format(lo=100, en=50, by=4000).splitlines()
    after = NETSTAT.format(lo=103, en=90, by=44000).splitlines()
    readings = [f"netstat\t{line}" if line else "clock\t" for line in ["", *before, "", *after]]
    found = told(*readings, *IFCONFIG)
    assert {name: each.state.value for name, each in found.items()} == {
        "en0": "up", "lo0": "up", "en1": "no-carrier", "gif0": "down"
    }  # fmt: skip
    assert found["lo0"].addresses == ("127.0.0.1/8", "fe80::1/64")
    assert found["en0"].addresses == ("192.0.2.7/24",)
    assert found["en0"].rate == (40.0, 40000.0, 0.0, 0.0)
    assert found["lo0"].rate == (3.0, 0.0, 3.0, 0.0)
    assert found["gif0"].rate is None


def test_old_ifconfig() -> None:
    """Of net-tools before 2.0 and of busybox; /sys tells how the interface stands."""
    found = told(
        "clock\t1.00", "counters\t" + DEV.format("eth0", 0, 0, 0, 0), "clock\t2.00",
        "counters\t" + DEV.format("eth0", 0, 0, 0, 0),
        "ifconfig\teth0      Link encap:Ethernet  HWaddr 02:00:5E:00:53:01  ",
        "ifconfig\t          inet addr:192.0.2.7  Bcast:192.0.2.255  Mask:255.255.255.0",
        "ifconfig\t          inet6 addr: 2001:db8::7/64 Scope:Global",
        "ifconfig\t          UP BROADCAST RUNNING MULTICAST  MTU:1500  Metric:1",
        "sys\teth0 0x1003 up",
    )  # fmt: skip
    assert found["eth0"].addresses == ("192.0.2.7/24", "2001:db8::7/64")
    assert found["eth0"].state.value == "up"


FACT = st.sampled_from(["clock", "counters", "netstat", "link", "address", "ifconfig", "sys"])
WORDS = st.text(st.sampled_from("eth0 :<>@,/.x123abfUP-*\t\x1b") | st.characters(), max_size=80)


@given(pairs=st.lists(st.tuples(FACT, WORDS), max_size=12))
def test_whatever_a_host_says(pairs: list[tuple[str, str]]) -> None:
    """No answer raises, and none is printed as it is."""
    found = listing(Facts(tuple(pairs), 0.0, 1.0))
    for line in "".join(FORMATS["text"]("host", found)).split("\n"):
        assert line.isprintable()
    for line in FORMATS["jsonl"]("host", found):
        assert json.loads(line)["type"] == "interface"


def test_numbers_stay_narrow() -> None:
    """A rate takes five places at most, and none is rounded to a thousand of its unit."""
    found = told(
        "clock\t1.00", "counters\t" + DEV.format("a", 0, 0, 0, 0), "clock\t2.00",
        "counters\t" + DEV.format("a", 999, 1500, 999_950, 12_345_678_901),
    )  # fmt: skip
    text = "".join(FORMATS["text"]("host", listing(Facts((), 0.0, 1.0))._replace(
        interfaces=tuple(found.values()))))  # fmt: skip
    (row,) = [line for line in text.splitlines() if line.startswith("  a ")]
    assert row.split()[2:] == ["1.5k", "12.3G", "999", "1.0M"]


def test_the_script_is_one_line() -> None:
    """A csh as login shell passes on one line, and no more."""
    assert "\n" not in SCRIPT
