#!/bin/sh
# Executes the Dockerfile where there is neither Docker nor a registry of images: buildah in a chroot, as root, on Debian 12.
# Its own Python 3.11 in a root file system by debootstrap stands in for the slim image, and a script for Beam's boot.
#   sh deploy/container/rehearse.sh WORK [options of buildah build, such as --volume /etc/pip.conf:/etc/pip.conf:ro]
# Afterwards WORK/rootfs is debootstrap's, WORK/size.txt the size of the image, and a shell in it:
#   buildah --root WORK/storage --runroot WORK/run run --isolation chroot inkbeam-rehearsal sh
set -eu

work=$1
shift
export BUILDAH_ISOLATION=chroot
engine="buildah --root $work/storage --runroot $work/run"

import() { # root file system, name; once, since all layers of a build hang on it
    $engine inspect --type image "$2" >/dev/null 2>&1 && return
    container=$($engine from scratch)
    $engine copy --quiet "$container" "$1" / >/dev/null
    $engine commit --quiet --rm "$container" "$2" >/dev/null
}

mkdir -p "$work"
if ! [ -e "$work/rootfs/usr/local/bin/python" ]; then
    debootstrap --variant=minbase --include=ca-certificates,python3,python3-venv bookworm "$work/rootfs" >"$work/debootstrap.log"
    ln -s /usr/bin/python3 "$work/rootfs/usr/local/bin/python"
    rm -rf "$work/rootfs/var/cache/apt" "$work/rootfs/var/lib/apt/lists"
fi
mkdir -p "$work/sdk/opt/apache/beam"
cat >"$work/sdk/opt/apache/beam/boot" <<'END'
#!/bin/sh
[ "${1:-}" = --worker_pool ] && exec python -m apache_beam.runners.worker.worker_pool_main --service_port=50000
echo "a stand-in for Beam's boot: it knows --worker_pool alone" >&2
exit 1
END
chmod +x "$work/sdk/opt/apache/beam/boot"
import "$work/rootfs" localhost/python:3.11-stand-in
import "$work/sdk" localhost/beam-sdk:stand-in

$engine build --layers --file deploy/Dockerfile --target inkbeam --tag inkbeam:rehearsal --timestamp 315532800 \
    --build-arg PYTHON_IMAGE=localhost/python:3.11-stand-in --build-arg SDK_IMAGE=localhost/beam-sdk:stand-in \
    --build-arg DEBIAN_SNAPSHOT= "$@" .
$engine from --name inkbeam-rehearsal inkbeam:rehearsal
du --summarize --block-size=1M "$($engine mount inkbeam-rehearsal)" | tee "$work/size.txt"
