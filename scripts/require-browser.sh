#!/bin/sh
# Makes sure that the browser tests find Chromium: TEST_BROWSER, else chromium, chromium-browser or google-chrome on
# PATH. Where there is none it is installed, if this is root on Debian or Ubuntu; else one line says what to install.
set -eu

if [ -n "${TEST_BROWSER:-}" ]; then
  command -v "$TEST_BROWSER" >/dev/null 2>&1 && exit 0
  echo "TEST_BROWSER names '$TEST_BROWSER', which cannot be run: name a Chromium or Chrome binary" >&2
  exit 1
fi
for browser in chromium chromium-browser google-chrome; do
  if command -v "$browser" >/dev/null 2>&1; then exit 0; fi
done

if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
  echo 'The browser tests need Chromium: installing chromium with apt-get' >&2
  # On Ubuntu the package is only a pointer to a snap; what counts is whether it can be run afterwards.
  if apt-get update -qq >&2 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >&2 &&
    chromium --version >/dev/null 2>&1; then
    exit 0
  fi
fi

echo 'The browser tests need Chromium: install chromium or google-chrome, or name its binary in TEST_BROWSER' >&2
exit 1
