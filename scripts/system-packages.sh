#!/bin/sh
# Installs the system packages that this project needs and that are missing: `run` or `test`.
#
# Nothing missing: silent, and no rights are needed. Something missing and no right to install it: one line that an
# administrator can act on, and exit 1.
set -eu

here=$(dirname "$0")
purpose=${1:-}

installed() { dpkg-query --show --showformat='${Status}' "$1" 2>/dev/null | grep -q '^install ok installed$'; }

# Debian keeps the server's programs off PATH; elsewhere pg_config knows (and exists without a server, too).
has_postgresql_15() {
    for bin in /usr/lib/postgresql/15/bin "$(pg_config --bindir 2>/dev/null)"; do
        ! "$bin/initdb" --version 2>/dev/null | grep -q ' 15\.' || return 0
    done
    return 1
}

# `make -j run test`: the second one waits, then finds nothing missing.
exec 9<"$0"
flock 9

missing=""
need() { missing="$missing${missing:+ }$1"; }

python=$("$here/find-python.sh")
"$python" -c 'import ensurepip, venv' 2>/dev/null || need python3-venv
# fonts-liberation (without the 2) is version 1.07, which lacks 93 Vietnamese letters.
installed fonts-liberation2 || need fonts-liberation2
case $purpose in
run) ;;
test)
    has_postgresql_15 || need postgresql-15
    # The server's programs without the service: no test needs one that runs at boot.
    PATH="$PATH:/usr/sbin" command -v mariadbd >/dev/null || need mariadb-server-core
    command -v my_print_defaults >/dev/null || need mariadb-client-core
    command -v pdftotext >/dev/null || need poppler-utils
    ;;
*)
    echo "usage: $0 run|test" >&2
    exit 2
    ;;
esac
[ -n "$missing" ] || exit 0

refuse() {
    echo "System packages are missing: $missing. $1 An administrator can run: apt-get install $missing" >&2
    exit 1
}

command -v apt-get >/dev/null || refuse "There is no apt-get here to install them with."
as_root=""
if [ "$(id -u)" -ne 0 ]; then
    command -v sudo >/dev/null || refuse "You are not root and there is no sudo."
    # Without a terminal nobody can answer sudo's question; with one, it may be asked once.
    sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ] && sudo -v; } || refuse "You may not use sudo here."
    as_root=sudo
fi

log=$(mktemp)
# A test suite has no business starting a database server at boot: Debian's "main" cluster is declined, but only while
# this script installs, so that the machine's administrator keeps the usual behaviour afterwards.
decline=/etc/postgresql-common/createcluster.d/no-main-cluster-for-tests.conf
finish() {
    [ ! -e "$decline" ] || $as_root rm -f "$decline"
    rm -f "$log"
}
trap finish EXIT
trap 'exit 130' INT TERM

apt() { $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@" >>"$log" 2>&1; }
# shellcheck disable=SC2086 # the names are separate words
install_missing() { apt install --yes --no-install-recommends $missing </dev/null; }

echo "Installing system packages: $missing"
case " $missing " in
*" postgresql-15 "*)
    $as_root mkdir -p "$(dirname "$decline")"
    echo "create_main_cluster = false" | $as_root tee "$decline" >/dev/null
    ;;
esac
# The package lists of a fresh machine are empty, those of an old one name versions that are gone: both fail here first.
install_missing || { apt update && install_missing; } || {
    cat "$log" >&2
    refuse "apt-get failed, see above."
}
