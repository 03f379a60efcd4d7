#!/bin/sh
# Gives the workers' account and whoever submits the least that a run needs:
#   PROJECT=p SCANS=p-scans OUT=p-text TEMP=p-temp REGION=europe-west4 REPOSITORY=inkbeam SUBMITTER=user:ann@example.org \
#   sh deploy/dataflow/iam.sh
# SCANS, OUT and TEMP are buckets. FOLDER, if set, is the only folder of OUT that may be written.
set -eu

: "${PROJECT:?}" "${SCANS:?}" "${OUT:?}" "${TEMP:?}" "${REGION:?}" "${REPOSITORY:?}" "${SUBMITTER:?user:, group: or serviceAccount:}"
account=inkbeam-worker@$PROJECT.iam.gserviceaccount.com
worker=serviceAccount:$account

allow_in_bucket() { # bucket, member, role, condition
    gcloud storage buckets add-iam-policy-binding "gs://$1" --member="$2" --role="$3" --condition="${4:-None}" >/dev/null
}

gcloud iam service-accounts create inkbeam-worker --project="$PROJECT" --display-name="Workers of Inkbeam"
# To be a worker: take work, tell metrics, write logs. It holds the right to read and create objects in the project's
# buckets: keep what the workers must not see in another project.
gcloud projects add-iam-policy-binding "$PROJECT" --member="$worker" --role=roles/dataflow.worker --condition=None >/dev/null
gcloud artifacts repositories add-iam-policy-binding "$REPOSITORY" --project="$PROJECT" --location="$REGION" \
    --member="$worker" --role=roles/artifactregistry.reader >/dev/null

# OUT is listed as a whole, but written in the folder alone.
within=None
if [ -n "${FOLDER:-}" ]; then
    prefix=projects/_/buckets/$OUT/objects/$FOLDER/
    within="title=inkbeam-folder,expression=resource.type == 'storage.googleapis.com/Bucket' || resource.name.startsWith('$prefix')"
fi
# The submitter lists the scans, plans, and writes state, runs and index; the workers read scans and write documents.
for member in "$worker" "$SUBMITTER"; do
    allow_in_bucket "$SCANS" "$member" roles/storage.objectViewer
    allow_in_bucket "$OUT" "$member" roles/storage.objectUser "$within"
    allow_in_bucket "$TEMP" "$member" roles/storage.objectUser
done
# Beam looks at the settings of the temporary bucket before it submits.
allow_in_bucket "$TEMP" "$SUBMITTER" roles/storage.legacyBucketReader
# To create, watch and cancel jobs, and to let them run as the workers' account.
gcloud projects add-iam-policy-binding "$PROJECT" --member="$SUBMITTER" --role=roles/dataflow.developer --condition=None >/dev/null
gcloud iam service-accounts add-iam-policy-binding "$account" --project="$PROJECT" \
    --member="$SUBMITTER" --role=roles/iam.serviceAccountUser >/dev/null
