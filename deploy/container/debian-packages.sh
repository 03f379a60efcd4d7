#!/bin/sh
# Installs the image's Debian packages: poppler, and Tesseract with the languages that are named.
# With DEBIAN_SNAPSHOT, a time of snapshot.debian.org, their versions are those of that moment, for ever; without, the newest.
set -eu

if [ -n "${DEBIAN_SNAPSHOT:-}" ]; then
    rm -f /etc/apt/sources.list.d/*
    archive=http://snapshot.debian.org/archive
    cat >/etc/apt/sources.list <<END
deb [check-valid-until=no] $archive/debian/$DEBIAN_SNAPSHOT bookworm main
deb [check-valid-until=no] $archive/debian-security/$DEBIAN_SNAPSHOT bookworm-security main
END
fi
packages=poppler-utils
[ $# = 0 ] || packages="$packages tesseract-ocr" # which the languages do not bring
for language in "$@"; do
    packages="$packages tesseract-ocr-$language"
done
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
# shellcheck disable=SC2086
apt-get install -y -qq --no-install-recommends $packages
# What a build leaves behind beside the packages differs from one to the next.
apt-get clean
rm -rf /var/lib/apt/lists/* /var/cache/ldconfig /var/cache/debconf/*-old /var/log/*
