#!/bin/sh
# Makes sure that the tests of the guide find the proxies which it describes: nginx and caddy on PATH. Where one is missing it
# is installed, if this is root on Debian or Ubuntu; else one line says what to install.
set -eu

missing=''
for proxy in nginx caddy; do
  command -v "$proxy" >/dev/null 2>&1 || missing="$missing $proxy"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && [ -e /etc/debian_version ] && command -v apt-get >/dev/null 2>&1; then
  echo "The tests of the guide need$missing: installing with apt-get" >&2
  # The packages start services, now and at each boot, where the system lets them: nobody asked for one on this machine.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    trap 'exit 1' INT TERM
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  # shellcheck disable=SC2086 # a list of names
  if apt-get update -qq >&2 &&
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2; then
    for proxy in $missing; do
      command -v "$proxy" >/dev/null 2>&1 || exit 1
      if command -v systemctl >/dev/null 2>&1; then systemctl disable --quiet "$proxy" >&2 || true; fi
    done
    exit 0
  fi
fi

echo "The tests of the guide need$missing: install them" >&2
exit 1
