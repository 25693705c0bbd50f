#!/bin/sh
# Prints the Python (3.11 or newer) that this project's environment is made from.
set -eu

# A version manager's shim can be on PATH and still refuse to run, so every candidate is tried, not looked up.
suits() { # PYTHON IMPORTS
    "$1" -c "import sys, $2; sys.exit(sys.version_info < (3, 11))" >/dev/null 2>&1
}

# First choice: one that can already make environments. Debian's own cannot until python3-venv is installed.
for imports in "ensurepip, venv" "os"; do
    for python in python3.11 python3 /usr/bin/python3.11 /usr/bin/python3; do
        if suits "$python" "$imports"; then
            command -v "$python"
            exit 0
        fi
    done
done

echo "No Python 3.11 or newer was found. On Debian 12 an administrator can run: apt-get install python3 python3-venv" >&2
exit 1
