#!/bin/sh
# Installs what Inkbeam needs of the system and lacks: poppler (PDFs), Tesseract (the comparison), venv; and the packages
# that are named, such as chromium, which tests open reports in.
set -eu

missing=""
for package in "$@"; do
    command -v "$package" >/dev/null || missing="$missing $package"
done
command -v pdftoppm >/dev/null && command -v pdfimages >/dev/null || missing="$missing poppler-utils"
command -v tesseract >/dev/null || missing="$missing tesseract-ocr" # which the languages do not bring
languages=$(tesseract --list-langs 2>/dev/null || true)
for language in eng fra deu; do
    echo "$languages" | grep -qx "$language" || missing="$missing tesseract-ocr-$language"
done
python3 -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null; then
    as_root="sudo"
else
    echo "Missing:$missing. You are not root and there is no sudo: ask an administrator to install these packages." >&2
    exit 1
fi
if ! command -v apt-get >/dev/null; then
    echo "Missing:$missing. These are Debian's names; install the same with your system's package manager." >&2
    exit 1
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086
$as_root apt-get install -y -qq --no-install-recommends $missing >/dev/null
