#!/bin/sh
# Prints the SHA-256 of every file in a folder, in an order that is always the same.
set -eu
cd "$1"
find . -type f -print0 | LC_ALL=C sort -z | xargs -0 sha256sum
