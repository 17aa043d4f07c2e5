#!/usr/bin/env bash
# Installs the programs that tests call beside Node, where they are missing: `program:package` each.
set -euo pipefail

for pair in ip:iproute2; do
  program="${pair%%:*}"
  package="${pair##*:}"
  if command -v "$program" > /dev/null; then continue; fi
  if ! command -v apt-get > /dev/null || [ "$(id -u)" -ne 0 ]; then
    echo "tests need the program $program: install the package $package" >&2
    exit 1
  fi
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "$package"
done
