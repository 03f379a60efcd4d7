#!/bin/sh
# Builds the image of the workers, which is the flex template's too, pushes it, and writes the template:
#   REPOSITORY=europe-west4-docker.pkg.dev/p/inkbeam TEMPLATE=gs://p-temp/templates/inkbeam.json sh deploy/dataflow/build.sh
# Further arguments go to docker build: --build-arg TORCH="torch==2.13.0 --index-url https://download.pytorch.org/whl/cu130"
set -eu

: "${REPOSITORY:?of Artifact Registry: REGION-docker.pkg.dev/PROJECT/NAME}" "${TEMPLATE:?gs://BUCKET/FOLDER/inkbeam.json}"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' pyproject.toml)
image=$REPOSITORY/inkbeam-dataflow:$version

docker build --platform linux/amd64 --file deploy/Dockerfile --target dataflow --tag "$image" "$@" .
docker push "$image"
gcloud dataflow flex-template build "$TEMPLATE" --image "$image" --sdk-language PYTHON \
    --metadata-file deploy/dataflow/metadata.json
echo "$image"
