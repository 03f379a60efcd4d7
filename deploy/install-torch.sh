#!/bin/sh
# Installs torch's CPU build with the given pip, never gigabytes of CUDA packages by accident.
# A GPU machine names its own build: TORCH="torch==2.13.0 --index-url ..." make demo
set -eu

pip=$1
version=$(sed -n 's/^torch==//p' constraints.txt)
if [ -n "${TORCH:-}" ]; then
    # shellcheck disable=SC2086
    exec "$pip" install -q $TORCH
fi
"$pip" show -q torch 2>/dev/null && exit 0
if "$pip" install -q --dry-run --report /tmp/torch-report.$$ "torch==$version" >/dev/null 2>&1 \
    && ! grep -q '"name": "nvidia' /tmp/torch-report.$$; then
    rm -f /tmp/torch-report.$$
    exec "$pip" install -q "torch==$version" -c constraints.txt
fi
rm -f /tmp/torch-report.$$
"$pip" install -q --retries 1 --timeout 20 "torch==$version" --index-url https://download.pytorch.org/whl/cpu || {
    echo "The CPU build of torch $version cannot be had: neither does the usual index serve it without CUDA," >&2
    echo "nor can PyTorch's CPU index be reached. Name a build: TORCH='torch==$version --find-links FOLDER' make demo" >&2
    exit 1
}
