#!/bin/sh
# Writes requirements.lock and requirements-dev.lock from pyproject.toml; `--upgrade` takes newer versions of everything.
#
# Locked versions stay unless asked otherwise. Index addresses are never written: a machine uses the index it is set up for.
set -eu

cd "$(dirname "$0")/.."
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
"$(scripts/find-python.sh)" -m venv "$tools"
"$tools/bin/python" -m pip --disable-pip-version-check install --quiet uv

compile() { # OUTPUT [OPTION…]
    "$tools/bin/uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
        --output-file "$@" pyproject.toml
}
compile requirements.lock --group build "$@"
# The developers' versions of what runs are those that run.
compile requirements-dev.lock --group build --group dev --group bench --constraints requirements.lock "$@"
