#!/bin/sh
# Makes sure that a folder with a package.json of its own has the packages which its lock file names, and says so where it
# installs them: `sh scripts/require-packages.sh test/clients bench`.
set -eu
cd "$(dirname "$0")/.."

for folder in "$@"; do
  # Written last: an installation that was cut short has none.
  installed="$folder/node_modules/.installed-package-lock.json"
  if ! cmp -s "$folder/package-lock.json" "$installed"; then
    echo "$folder has packages of its own, which are missing or outdated: installing them with npm ci" >&2
    npm ci --prefix "$folder" --no-audit --no-fund >&2
    cp "$folder/package-lock.json" "$installed"
  fi
  # The examples use the libraries that the tests of clients use.
  if [ "$folder" = test/clients ]; then ln -sfn ../test/clients/node_modules examples/node_modules; fi
done
