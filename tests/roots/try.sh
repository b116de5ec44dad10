#!/usr/bin/env bash
# Tries what the README says in bare Debian roots, and prints how each of them took it.
set -euo pipefail

usage() {
  cat <<'USAGE'
usage: tests/roots/try.sh [--keep DIR] [--worktree] [--mirror URL] [SUITE...]

In a minimal root of each suite (bookworm, trixie and sid unless told otherwise), with
nothing installed but git, python3 and ca-certificates, runs ./run demo and ./run test.

  --keep DIR    take the bare roots from DIR, where those not there yet are put, and
                leave the logs there; the trials run in copies of the roots
  --worktree    try the files as they lie here, not those of the last commit
  --mirror URL  the Debian mirror; otherwise the one in this machine's apt sources

Needs root, on Debian or Ubuntu, and debootstrap where a root has to be made.
Exit code: 0 all went well, 1 something did not, 2 wrong usage, 3 could not try.
USAGE
}

say() { printf 'try: %s\n' "$*" >&2; }

fail() {
  say "$@"
  exit 3
}

# A command in namespaces of its own: nothing it mounts is seen outside, and nothing it starts
# outlives it. In the background, because a shell hears no signal while it waits otherwise.
apart() {
  unshare --mount --pid --ipc --fork --kill-child "$@" </dev/null &
  child=$!
  wait "$child"
}

# stop SIGNAL: ends what is under way, then this shell; unshare itself heeds only KILL.
stop() {
  if [ -n "$child" ]; then
    kill -s "$1" "$child" 2>/dev/null || :
    wait "$child" 2>/dev/null || :
  fi
  exit 130
}

# ---- what a root takes over from this machine, so that it reaches the network as it does -----

# apt reads its own sources best, whichever of their forms they are in.
find_mirror() {
  local code
  # shellcheck source=/dev/null
  code=$(. /etc/os-release && [ "$ID" = debian ] && echo "${VERSION_CODENAME:-}") || code=
  apt-get --print-uris update 2>/dev/null |
    sed -n "s#^'\\(.*\\)/dists/\\([^/]*\\)/InRelease'.*#\\2 \\1#p" |
    while read -r suite url; do
      case " $code $all_suites stable testing unstable " in
        *" $suite "*) plain_mirror "$url" ;;
      esac
    done | sed -n 1p
}

# Cloud images name a file with mirrors in it, which debootstrap cannot read.
plain_mirror() {
  case $1 in
    mirror+file:*) awk '/^[a-z]+:/ { print $1; exit }' "${1#mirror+file:}" ;;
    *) echo "$1" ;;
  esac
}

# The parts of apt's configuration that say how to fetch, and no hooks.
fetch_settings() {
  apt-config dump | grep -E '^Acquire::(Check|Retries|https?(::| ))' || :
}

# Variables that say how to reach package indexes, as NAME=VALUE lines. Those that name a
# file or a folder go along only if the root has it by now.
network_environment() {
  local root=$1 name value
  for name in http_proxy https_proxy no_proxy HTTP_PROXY HTTPS_PROXY NO_PROXY \
    PIP_INDEX_URL PIP_EXTRA_INDEX_URL PIP_PROXY PIP_TRUSTED_HOST PIP_DEFAULT_TIMEOUT \
    PIP_RETRIES PIP_CERT PIP_FIND_LINKS; do
    value=${!name:-}
    case $value in
      '') continue ;;
      /* | file:*) [ -e "$root/${value#file://}" ] || continue ;;
    esac
    printf '%s=%s\n' "$name" "$value"
  done
}

copy_network() {
  local root=$1
  rm -f "$root/etc/resolv.conf"
  cat /etc/resolv.conf >"$root/etc/resolv.conf"
  fetch_settings >"$root/etc/apt/apt.conf.d/99from-outside"
}

# Certificates go in after ca-certificates, which makes the folder and the bundle.
copy_certificates() {
  local root=$1 own=/usr/local/share/ca-certificates
  if compgen -G "$own/*.crt" >/dev/null; then
    cp "$own"/*.crt "$root$own/"
    chroot "$root" update-ca-certificates >/dev/null 2>&1
  fi
  if [ -f "${PIP_CERT:-}" ]; then
    mkdir -p "$root$(dirname "$PIP_CERT")"
    cat "$PIP_CERT" >"$root$PIP_CERT"
  fi
}

# ---- roots ---------------------------------------------------------------------------------

# Made beside its place and then moved there: one that is there is whole.
make_root() {
  local suite=$1 root=$2
  [ -n "$mirror" ] || fail "no Debian mirror in this machine's apt sources: give one with --mirror"
  command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
  say "$suite: making a bare root"
  mkdir -p "$scratch/new"
  apart debootstrap --variant=minbase "$suite" "$scratch/new/$suite" "$mirror" \
    >"$logs/$suite-debootstrap.log" 2>&1 || fail "debootstrap failed: $logs/$suite-debootstrap.log"
  mkdir -p "$(dirname "$root")"
  mv "$scratch/new/$suite" "$root"
}

copy_project() {
  local to=$1
  mkdir -p "$to"
  if [ "$worktree" = yes ]; then
    (cd "$project" && git ls-files -z --cached --others --exclude-standard |
      while IFS= read -r -d '' file; do
        [ ! -e "$file" ] || printf '%s\0' "$file"
      done | tar --null --no-recursion --files-from=- -cf -) | tar -xf - -C "$to" --no-same-owner
  else
    git -C "$project" archive HEAD | tar -xf - -C "$to"
  fi
}

# ---- inside namespaces of its own -----------------------------------------------------------

# The root is made a mount point and the root of its namespace, because `ip netns` wants to
# mount on /.
enter_root() {
  local root=$1
  mount --bind "$root" "$root"
  cd "$root"
  mount -t proc proc proc
  mount -t sysfs sysfs sys
  mount -t tmpfs -o mode=755 tmpfs run
  mount -t tmpfs -o mode=755 tmpfs dev
  mkdir dev/pts dev/shm run/lock
  mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
  mount -t tmpfs -o mode=1777 tmpfs dev/shm
  mknod -m 666 dev/null c 1 3
  mknod -m 666 dev/zero c 1 5
  mknod -m 666 dev/full c 1 7
  mknod -m 666 dev/random c 1 8
  mknod -m 666 dev/urandom c 1 9
  mknod -m 666 dev/tty c 5 0
  ln -s pts/ptmx dev/ptmx
  ln -s /proc/self/fd dev/fd
  ln -s /proc/self/fd/0 dev/stdin
  ln -s /proc/self/fd/1 dev/stdout
  ln -s /proc/self/fd/2 dev/stderr
  mkdir -p .outside
  pivot_root . .outside
  cd /
  umount --lazy /.outside
  rmdir /.outside
}

# inside ROOT RESULT [NAME=VALUE...]: the trial itself; what it found goes to RESULT, a file in
# the root, one fact a line.
inside() {
  local root=$1 result=$2 begun=$SECONDS code
  shift 2
  enter_root "$root"
  clean() {
    env -i HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb "$@"
  }
  cd /root/seamark
  code=0
  clean "${@}" ./run demo >/root/demo.out </dev/null || code=$?
  cat /root/demo.out
  fact() { printf '%s=%s\n' "$@" >>"$result"; }
  fact demo "$code"
  fact tshark "$(clean tshark --version 2>/dev/null | sed -n '1s/^TShark (Wireshark) \([0-9.]*[0-9]\).*/\1/p')"
  fact python "$(.venv/bin/python -c 'import platform; print(platform.python_version())' 2>&1 | tail -n 1)"
  code=0
  clean "${@}" ./run test >/root/test.out </dev/null || code=$?
  cat /root/test.out
  fact test "$code"
  fact last "$(tail -n 1 /root/test.out | sed 's/^=* *//; s/ *=*$//')"
  fact seconds "$((SECONDS - begun))"
}

# ---- outside -------------------------------------------------------------------------------

prepare() {
  local suite=$1 root=$2 bare=${keep:-$scratch/bare}/$1
  [ -e "$bare/etc/debian_version" ] || make_root "$suite" "$bare"
  say "$suite: installing git, python3 and ca-certificates in a copy"
  cp -a --reflink=auto "$bare" "$root"
  copy_network "$root"
  # A policy of its own, since nothing may be started in a root whose services share this
  # machine's ports; it is gone before ./run has to do without.
  printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
  chmod 755 "$root/usr/sbin/policy-rc.d"
  apart chroot "$root" env -i \
    PATH=/usr/sbin:/usr/bin:/sbin:/bin DEBIAN_FRONTEND=noninteractive sh -c '
      mount -t proc proc /proc && apt-get -qq update &&
      apt-get -qq -o Dpkg::Use-Pty=0 install --no-install-recommends git python3 ca-certificates
    ' >"$logs/$suite-try.log" 2>&1 || fail "$suite: apt-get failed: $logs/$suite-try.log"
  rm "$root/usr/sbin/policy-rc.d"
  copy_certificates "$root"
  copy_project "$root/root/seamark"
}

value_of() { sed -n "s/^$1=//p" "$2" 2>/dev/null | tail -n 1; }

row() { printf '%-9s %-8s %-8s %-5s %-5s %-8s %s\n' "$@"; }

# try SUITE: adds a row to the table; fails if the suite did.
try() {
  local suite=$1 root=$scratch/$1 result=/root/result environment
  prepare "$suite" "$root"
  mapfile -t environment < <(network_environment "$root")
  say "$suite: ./run demo, ./run test (log: $logs/$suite-try.log)"
  apart "$BASH" "$self" --inside "$root" "$result" "${environment[@]}" \
    >>"$logs/$suite-try.log" 2>&1 || say "$suite: broke off"
  local facts=$root$result
  row "$suite" "$(value_of tshark "$facts")" "$(value_of python "$facts")" \
    "$(value_of demo "$facts")" "$(value_of test "$facts")" "$(value_of seconds "$facts")" \
    "$(value_of last "$facts")" >>"$scratch/table"
  # The bundled case has findings, and says so by its exit code.
  if [ "$(value_of demo "$facts")" != 1 ] || [ "$(value_of test "$facts")" != 0 ]; then
    say "$suite: not as it must be; the end of its log:"
    tail -n 30 "$logs/$suite-try.log" >&2
    return 1
  fi
  rm -rf --one-file-system "$root"
}

main() {
  [ "$(id -u)" -eq 0 ] || fail "only root can make a root"
  trap 'rm -rf --one-file-system "$scratch"' EXIT
  trap 'stop TERM' HUP INT TERM
  scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/seamark-roots.XXXXXX")
  logs=${keep:-$(mktemp -d "${TMPDIR:-/var/tmp}/seamark-logs.XXXXXX")}
  mkdir -p "$logs"
  [ -n "$mirror" ] || mirror=$(find_mirror)
  row suite tshark python demo test seconds 'last line' >"$scratch/table"
  local suite failed=0
  for suite; do
    # In a shell of its own: a suite that breaks off leaves the next ones their turn.
    (
      child=
      trap 'stop KILL' TERM
      try "$suite"
    ) &
    child=$!
    wait "$child" || failed=1
  done
  cat "$scratch/table"
  return "$failed"
}

all_suites='bookworm trixie sid'
self=$(realpath "${BASH_SOURCE[0]}")
project=$(dirname "$(dirname "$(dirname "$self")")")
keep=
worktree=no
mirror=
scratch=
child=
while [ $# -gt 0 ]; do
  case $1 in
    --keep)
      keep=$(realpath -m "${2:?--keep needs a folder}")
      shift
      ;;
    --mirror)
      mirror=${2:?--mirror needs an address}
      shift
      ;;
    --worktree) worktree=yes ;;
    --inside)
      shift
      inside "$@"
      exit
      ;;
    -h | --help)
      usage
      exit
      ;;
    -*)
      usage >&2
      exit 2
      ;;
    *) break ;;
  esac
  shift
done
if [ $# -eq 0 ]; then
  # shellcheck disable=SC2086
  set -- $all_suites
fi
main "$@"
