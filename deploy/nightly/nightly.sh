#!/bin/sh
# A night for cron, which mails what this prints: the account of the night, or why there was none.
set -eu

settings=${1:-/etc/inkbeam/nightly.env}
inkbeam=${INKBEAM:-/opt/inkbeam/.venv/bin/inkbeam}
# shellcheck source=deploy/nightly/nightly.env
. "$settings"

code=0
# shellcheck disable=SC2086
nice -n 10 "$inkbeam" digitize $SCANS --output "$OUT" --until "$UNTIL" $OPTIONS >/dev/null || code=$?
case $code in
0 | 3 | 5)
    "$inkbeam" report "$OUT" >/dev/null
    "$inkbeam" report "$OUT" --text
    ;;
esac
exit "$code"
