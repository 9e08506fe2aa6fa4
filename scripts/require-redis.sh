#!/bin/sh
# Makes sure that the tests find a Redis server: TEST_REDIS_SERVER, else redis-server or valkey-server on PATH. Where
# there is none it is installed, if this is root on Debian or Ubuntu; else one line says what to install.
set -eu

if [ -n "${TEST_REDIS_SERVER:-}" ]; then
  command -v "$TEST_REDIS_SERVER" >/dev/null 2>&1 && exit 0
  echo "TEST_REDIS_SERVER names '$TEST_REDIS_SERVER', which cannot be run: name a redis-server or valkey-server binary" >&2
  exit 1
fi
if command -v redis-server >/dev/null 2>&1 || command -v valkey-server >/dev/null 2>&1; then exit 0; fi

if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
  echo 'The tests need a Redis server: installing redis-server with apt-get' >&2
  # The package starts a service, now and at each boot, where the system lets it: nobody asked for one on this machine.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  if apt-get update -qq >&2 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >&2 &&
    command -v redis-server >/dev/null 2>&1; then
    if command -v systemctl >/dev/null 2>&1; then systemctl disable --quiet redis-server >&2 || true; fi
    exit 0
  fi
fi

echo 'The tests need a Redis server: install redis-server or valkey-server (6.2 or newer), or name its binary in TEST_REDIS_SERVER' >&2
exit 1
