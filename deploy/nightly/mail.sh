#!/bin/sh
# Mails the account of the last night to $MAILTO. systemd tells in $MONITOR_... how inkbeam.service ended.
set -eu

inkbeam=${INKBEAM:-/opt/inkbeam/.venv/bin/inkbeam}
result=${MONITOR_SERVICE_RESULT:-success}

{
    if [ "$result" != success ]; then
        echo "inkbeam.service failed: $result, ${MONITOR_EXIT_STATUS:-unknown}. It said last:"
        echo
        journalctl _SYSTEMD_INVOCATION_ID="$MONITOR_INVOCATION_ID" --lines 5 --output cat --no-pager
        echo
    fi
    "$inkbeam" report "$OUT" --text || echo "There is no account of a night."
} 2>&1 | mail -s "Inkbeam on $(uname -n): $result" "$MAILTO"
