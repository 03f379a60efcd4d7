#!/bin/sh
# Digitizes scans in Cloud Storage on Dataflow, waits for the end, and indexes the words on Dataflow too:
#   PROJECT=p REGION=europe-west4 SERVICE_ACCOUNT=inkbeam-worker@p.iam.gserviceaccount.com IMAGE=.../inkbeam-dataflow:0.1.0 \
#   TEMP=gs://p-temp sh deploy/dataflow/run.sh gs://p-text/inkbeam gs://p-scans/fonds-3/ [...]
# WORKERS=cpu (default), flexrs or gpu. DRY_RUN=1 prints the command line instead. Run it with the Python minor version and
# the Inkbeam of the image, best in the image itself: docker run -v $PWD/deploy:/deploy --entrypoint sh IMAGE /deploy/dataflow/run.sh
set -eu

: "${PROJECT:?a project of Google Cloud}" "${REGION:?where the buckets are: reading from another costs}"
: "${SERVICE_ACCOUNT:?that of the workers, see iam.sh}" "${IMAGE:?of the workers, see build.sh}" "${TEMP:?gs://BUCKET[/FOLDER]}"
output=${1:?OUT, and after it INPUT...}
shift

case ${WORKERS:-cpu} in
cpu | flexrs)
    # Sapphire Rapids has the VNNI and bf16 instructions that int8 needs; one family of machines, so one kind of processor
    # and equal bytes. Its four SDK processes, one a vCPU, take 0.8 GB each.
    arithmetic=int8
    set -- "$@" -- --worker_machine_type=c3-standard-4
    # C3 machines take no standard disks.
    set -- "$@" "--worker_disk_type=compute.googleapis.com/projects//zones//diskTypes/pd-balanced"
    # A process reads one chunk of pages at a time: more threads wait for its interpreter and hold their pages in memory.
    set -- "$@" --number_of_worker_harness_threads=1
    # Spot and regular machines mixed, 40 % cheaper; the job may begin six hours later: for nights, not for tries.
    [ "${WORKERS:-cpu}" = cpu ] || set -- "$@" --flexrs_goal=COST_OPTIMIZED
    ;;
gpu)
    # The cheapest machine with a GPU of bf16; the driver is not in the image, Dataflow mounts it.
    arithmetic=gpu
    set -- "$@" -- --worker_machine_type=g2-standard-4
    set -- "$@" "--dataflow_service_options=worker_accelerator=type:nvidia-l4;count:1;install-nvidia-driver"
    # One process, so one network in the GPU's memory; rendering and segmenting, outside the interpreter, in four threads.
    set -- "$@" --experiments=no_use_multiple_sdk_containers --number_of_worker_harness_threads=4
    ;;
*)
    echo "WORKERS=$WORKERS: there are cpu, flexrs and gpu" >&2
    exit 2
    ;;
esac

# Beam's Python SDK knows but Runner v2, so the experiment use_runner_v2 of older instructions is not needed.
set -- "$@" --runner=DataflowRunner "--project=$PROJECT" "--region=$REGION"
# Two runs must not write to one OUT: of two active jobs of one name Dataflow refuses the second.
set -- "$@" "--job_name=${JOB_NAME:-inkbeam}" --labels=app=inkbeam
set -- "$@" "--temp_location=$TEMP/temp" "--staging_location=$TEMP/staging"
# Nothing is installed when a worker starts: Beam, Inkbeam and the bundle are the image's.
set -- "$@" "--sdk_container_image=$IMAGE" --sdk_location=container
# An account that may do nothing else, and no address of the open network: the subnetwork needs Private Google Access.
set -- "$@" "--service_account_email=$SERVICE_ACCOUNT" --no_use_public_ips
[ -z "${SUBNETWORK:-}" ] || set -- "$@" "--subnetwork=$SUBNETWORK"
# As many workers as the backlog asks for; the limit is the bill's.
set -- "$@" --autoscaling_algorithm=THROUGHPUT_BASED "--max_num_workers=${MAX_WORKERS:-25}"
# The image unpacked, twice while it is pulled, and a few pages: nothing is kept on a worker.
set -- "$@" --disk_size_gb=30

set -- inkbeam digitize --output "$output" --arithmetic "$arithmetic" "$@"
if [ -n "${DRY_RUN:-}" ]; then
    printf '%s\n' "$@"
else
    exec "$@"
fi
