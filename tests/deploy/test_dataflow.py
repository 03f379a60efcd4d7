"""Dataflow's template and scripts, against what is known of it here: options and jobs of Beam, form of a template."""

import argparse
import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import apache_beam as beam
import jsonschema
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.portability.api import beam_runner_api_pb2
from apache_beam.transforms.environments import DockerEnvironment

from deploy.dataflow.launcher import BEAM, OPTIONS, command_line
from pipeline import graph
from pipeline.cli import digitize as digitize_command
from pipeline.failures import ExitCode
from pipeline.remote import HandedOver, run_remote
from tests.deploy.conftest import ROOT
from tests.pipeline.conftest import Digitize
from tests.pipeline.drawn import save_png

FOLDER = ROOT / "deploy" / "dataflow"
METADATA: dict[str, Any] = json.loads((FOLDER / "metadata.json").read_text(encoding="utf-8"))
PARAMETERS = {parameter["name"]: parameter for parameter in METADATA["parameters"]}
IMAGE = "europe-west4-docker.pkg.dev/p/inkbeam/inkbeam-dataflow:0.1.0"
SETTINGS = {
    "PROJECT": "p",
    "REGION": "europe-west4",
    "SERVICE_ACCOUNT": "inkbeam-worker@p.iam.gserviceaccount.com",
    "IMAGE": IMAGE,
    "TEMP": "gs://p-temp/inkbeam",
}

# https://cloud.google.com/dataflow/docs/guides/templates/configuring-flex-templates, "Metadata parameters"
FORM = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "description": {"type": "string"},
        "streaming": {"type": "boolean"},
        "supportsAtLeastOnce": {"type": "boolean"},
        "supportsExactlyOnce": {"type": "boolean"},
        "defaultStreamingMode": {"enum": ["AT_LEAST_ONCE", "EXACTLY_ONCE"]},
        "parameters": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name", "label", "helpText"],
                "additionalProperties": False,
                "properties": {
                    "name": {"type": "string", "pattern": "^[A-Za-z][A-Za-z0-9_]*$"},
                    "label": {"type": "string", "minLength": 1},
                    "helpText": {"type": "string", "minLength": 1},
                    "isOptional": {"type": "boolean"},
                    "regexes": {"type": "array", "items": {"type": "string", "format": "regex"}},
                    "defaultValue": {"type": "string"},
                    "paramType": {"enum": ["TEXT", "GCS_READ_FILE", "GCS_READ_FOLDER", "GCS_WRITE_FOLDER", "BOOLEAN"]},
                },
            },
        },
    },
}


def test_the_metadata_have_the_form_of_a_flex_template() -> None:
    jsonschema.Draft202012Validator(FORM, format_checker=jsonschema.FormatChecker()).validate(METADATA)


def test_the_launcher_knows_every_parameter_and_digitize_every_option() -> None:
    assert set(PARAMETERS) == {"inputs", *OPTIONS, "sdk_container_image"}
    known = {parameter.name for parameter in digitize_command.params}
    assert set(OPTIONS) <= known
    assert {name for name, parameter in PARAMETERS.items() if not parameter.get("isOptional")} == {
        "inputs",
        "output",
        "sdk_container_image",
    }


@pytest.mark.parametrize("option", ["bundle", "formats", "collection", "document", "language"])
def test_defaults_are_those_of_the_command_line(option: str) -> None:
    default = next(parameter.default for parameter in digitize_command.params if parameter.name == option)
    assert PARAMETERS[option]["defaultValue"] == default


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("inputs", "gs://a/x.pdf 'gs://a/b c/'", "/home/scans"),
        ("output", "gs://a/out", "out"),
        ("sdk_container_image", IMAGE, "two words"),
        ("sdk_container_image", "gcr.io/p/inkbeam@sha256:0a", ""),
        ("bundle", "/opt/bundles/mine", "a b"),
        ("formats", "alto,pdf", "alto, pdf"),
        ("collection", "fonds-3", ".hidden"),
        ("document", "mets", "page"),
        ("language", "none", "a,b"),
        ("redo", "outdated,failed", "failed,"),
        ("arithmetic", "bf16", "gpu"),
    ],
)
def test_what_a_parameter_may_be(name: str, good: str, bad: str) -> None:
    parameter = PARAMETERS[name]
    for value in (good, parameter.get("defaultValue", good)):
        assert all(re.fullmatch(regex, value) for regex in parameter["regexes"])
    assert not all(re.fullmatch(regex, bad) for regex in parameter["regexes"])


def test_parameters_become_a_command_line() -> None:
    given = [
        "--inputs=gs://a/x.pdf 'gs://a/Fonds 4/*.tif'",
        "--output=gs://a/out",
        "--formats=alto,pdf",
        "--redo=",
        "--runner=DataflowRunner",
        "--template_location=gs://t/job",
        "--labels=a=b",
    ]
    assert command_line(given) == [
        *("digitize", "gs://a/x.pdf", "gs://a/Fonds 4/*.tif", "--output=gs://a/out", "--formats=alto,pdf"),
        *("--", *BEAM, *given[4:]),
    ]
    assert unknown([*BEAM, *given[4:]]) == []


@pytest.mark.parametrize(
    "given",
    [
        ["--output=gs://a/out"],
        ["--inputs=gs://a/"],
        ["--inputs=gs://a/'x", "--output=gs://a/out"],
    ],
)
def test_parameters_that_cannot_be_used(given: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as exited:
        command_line(given)
    assert exited.value.code == ExitCode.USAGE
    assert "inputs" in capsys.readouterr().err


def submitted(workers: str, *inputs: str) -> tuple[list[str], list[str]]:
    """What run.sh would run: the arguments of `inkbeam digitize`, and Beam's options."""
    environment = {"PATH": os.environ["PATH"], "DRY_RUN": "1", "WORKERS": workers, "SUBNETWORK": "s", **SETTINGS}
    script = ["sh", str(FOLDER / "run.sh"), "gs://p-text/out", *inputs]
    done = subprocess.run(script, env=environment, capture_output=True, text=True, timeout=60, check=True)
    words = done.stdout.splitlines()
    cut = words.index("--")
    assert words[:2] == ["inkbeam", "digitize"]
    return words[2:cut], words[cut + 1 :]


def unknown(options: list[str]) -> list[str]:
    """Options that none of Beam's classes of options knows; Beam itself lets them pass."""
    parser = argparse.ArgumentParser(allow_abbrev=False, conflict_handler="resolve")
    for options_class in PipelineOptions.__subclasses__():
        options_class._add_argparse_args(parser)
    return parser.parse_known_args(options)[1]


def test_an_unknown_option_is_found() -> None:
    assert unknown(["--runner=DataflowRunner", "--worker_kind=x"]) == ["--worker_kind=x"]


@pytest.mark.parametrize("workers", ["cpu", "flexrs", "gpu"])
def test_beam_knows_every_option_of_the_script(workers: str) -> None:
    own, options = submitted(workers, "gs://p-scans/a b/", "gs://p-scans/*.pdf")
    assert unknown(options) == []
    known = PipelineOptions(options).get_all_options()
    assert known["sdk_container_image"] == IMAGE
    assert known["use_public_ips"] is False
    assert known["autoscaling_algorithm"] == "THROUGHPUT_BASED"
    assert known["flexrs_goal"] == ("COST_OPTIMIZED" if workers == "flexrs" else None)
    at = own.index("--arithmetic")
    assert own.pop(at + 1) == ("gpu" if workers == "gpu" else "int8")
    del own[at]
    assert digitize_command.make_context("digitize", own).params["inputs"] == (
        "gs://p-scans/a b/",
        "gs://p-scans/*.pdf",
    )


def test_a_gpu_has_its_driver_and_one_process() -> None:
    known = PipelineOptions(submitted("gpu")[1]).get_all_options()
    assert known["dataflow_service_options"] == ["worker_accelerator=type:nvidia-l4;count:1;install-nvidia-driver"]
    assert known["experiments"] == ["no_use_multiple_sdk_containers"]


def test_workers_that_the_script_does_not_know() -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        submitted("tpu")
    assert failed.value.returncode == ExitCode.USAGE
    assert "cpu, flexrs and gpu" in failed.value.stderr


def test_the_job_names_the_image(tmp_path: Path, digitize: Digitize, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run hands to a remote runner, as the job that Dataflow would get."""
    jobs: list[beam_runner_api_pb2.Pipeline] = []

    def keep(name: str, arguments: tuple[Any, ...], options: tuple[str, ...], chunks: int) -> None:
        pipeline = beam.Pipeline(runner="DirectRunner", options=PipelineOptions(list(options[1:])))
        getattr(graph, name)(pipeline, *arguments)
        assert chunks == 1
        jobs.append(pipeline.to_runner_api(default_environment=DockerEnvironment.from_container_image(IMAGE)))

    monkeypatch.setattr("pipeline.remote_wave.run_remote", keep)
    save_png(tmp_path / "a.png", 7)
    digitize(tmp_path / "a.png", "--output", tmp_path / "out", "--", "--runner=DataflowRunner")
    [job] = jobs
    [environment] = job.components.environments.values()
    assert beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image == IMAGE
    names = {transform.unique_name for transform in job.components.transforms.values()}
    assert {"Documents", "Chunks", "Read", "Gather documents", "Commit"} <= names


def test_a_template_ends_the_run_well(tmp_path: Path) -> None:
    template = f"--template_location={tmp_path / 'job'}"
    with pytest.raises(HandedOver, match="the job is handed over") as raised:
        run_remote("index", ([], str(tmp_path)), ["--runner=DirectRunner", template], 0)
    assert raised.value.exit_code == ExitCode.DONE


@pytest.mark.skipif(find_spec("google.cloud") is None, reason="the extra gcp is not installed")
def test_the_launcher_makes_a_template_of_dataflow(tmp_path: Path) -> None:
    save_png(tmp_path / "a b.png", 7)
    (tmp_path / "staging").mkdir()
    given = [
        f"--inputs='{tmp_path / 'a b.png'}'",
        f"--output={tmp_path / 'out'}",
        f"--template_location={tmp_path / 'job'}",
        f"--staging_location={tmp_path / 'staging'}",
        # Of a service that is not Google's Beam asks nothing before it makes a template.
        *("--dataflow_endpoint=http://localhost", "--no_auth", "--temp_location=/dev/null"),
        *("--project=p", "--region=europe-west4", "--job_name=inkbeam"),
        *(f"--sdk_container_image={IMAGE}", "--sdk_location=container"),
        "--experiments=disable_logging_submission_environment",
    ]
    ran = subprocess.run(
        [sys.executable, FOLDER / "launcher.py", *given],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == ExitCode.DONE, ran.stderr
    job = json.loads((tmp_path / "job").read_text(encoding="utf-8"))
    assert job["type"] == "JOB_TYPE_BATCH"
    [pool] = job["environment"]["workerPools"]
    assert IMAGE in {image["containerImage"] for image in pool["sdkHarnessContainerImages"]}
