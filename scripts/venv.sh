#!/bin/sh
# Makes .venv, or brings it up to date: `run` for what the program needs, `test` for the developer's tools as well.
#
# Every version and its hash come from the lock files; nothing is resolved or built in isolation here.
set -eu

cd "$(dirname "$0")/.."
case ${1:-} in
run) lock=requirements.lock ;;
test) lock=requirements-dev.lock ;;
*)
    echo "usage: $0 run|test" >&2
    exit 2
    ;;
esac
venv=$PWD/.venv
export PIP_DISABLE_PIP_VERSION_CHECK=1

# `make -j run test`, or two terminals: one at a time.
exec 9<Makefile
flock 9

# An environment holds absolute paths: after a move it must be made anew. `installing` is left behind by an installation
# that was cut short, after which pip may believe that half a package is a whole one.
for stamp in "$venv/.run-ready" "$venv/.test-ready"; do
    [ ! -e "$stamp" ] || head -n 1 "$stamp" | grep -qxF "$venv" || rm -rf "$venv"
done
if [ -e "$venv/.installing" ] || ! "$venv/bin/python" -c 'import pip' 2>/dev/null; then
    rm -rf "$venv"
    "$(scripts/find-python.sh)" -m venv "$venv"
fi

# The stamp holds what was installed, not when: a checkout that only touches the files costs nothing.
wanted=$(printf '%s\n' "$venv" && cat "$lock" pyproject.toml | sha256sum)
[ "$wanted" != "$(cat "$venv/.$1-ready" 2>/dev/null)" ] || exit 0

echo "Installing the Python packages of $lock into .venv (about a minute on a fresh machine)"
rm -f "$venv/.$1-ready"
touch "$venv/.installing"
"$venv/bin/python" -m pip install --quiet --progress-bar off --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --quiet --progress-bar off --no-deps --no-build-isolation --editable .
rm "$venv/.installing"
printf '%s\n' "$wanted" >"$venv/.$1-ready"
