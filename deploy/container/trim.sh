#!/bin/sh
# Takes out of an environment what neither submitter nor worker ever loads: tests, torch's headers and its programs for
# building and testing, and the services of Google's that Beam's extra gcp brings along and that are not storage or Dataflow.
set -eu

environment=$1
"$environment/bin/pip" uninstall --quiet --yes cloud-sql-python-connector google-cloud-aiplatform google-cloud-bigtable \
    google-cloud-dlp google-cloud-language google-cloud-recommendations-ai google-cloud-spanner google-cloud-sql \
    google-cloud-videointelligence google-cloud-vision google-genai
torch=$("$environment/bin/python" -c 'import importlib.util; print(importlib.util.find_spec("torch").submodule_search_locations[0])')
# torch does not start without the one program.
find "$torch/bin" -type f ! -name torch_shm_manager -delete
rm -rf "$torch/include" "$torch/test"
find "$environment" -type d -name tests -prune -exec rm -rf {} +
