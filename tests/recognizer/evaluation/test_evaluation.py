import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from recognizer.arithmetic import processor
from recognizer.bundle import Bundle, save
from recognizer.evaluation import evaluation
from recognizer.evaluation.evaluation import Evaluation, NothingToEvaluate, evaluate
from recognizer.pages import PageReader
from recognizer.policy import TextPolicy
from tests.recognizer.drawn import ALPHABET, random_network
from tests.recognizer.evaluation.made import evaluation as judged
from tests.recognizer.evaluation.made import sample

SAMPLES = [sample(text, script=script) for text in ("ab", "cde") for script in ("print", "hand")]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return save(tmp_path_factory.mktemp("bundle"), "small", ALPHABET, random_network().state_dict(), {})


def without_times(found: Evaluation) -> dict[str, object]:
    return {key: value for key, value in found.as_json().items() if key not in ("lines_per_second", "seconds")}


def test_rates_are_those_of_what_the_reader_reads(bundle: Bundle) -> None:
    (page,) = PageReader.of(bundle, "fp32").read([[one.image for one in SAMPLES]])
    readings = page.readings
    found = evaluate(bundle, SAMPLES, "fp32")
    assert [reading.text for reading in found.readings] == [reading.text for reading in readings]
    assert found.scores == judged(SAMPLES, [reading.text for reading in readings]).scores


def test_rates_do_not_depend_on_how_many_lines_are_read_at_once(
    bundle: Bundle, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = evaluate(bundle, SAMPLES, "fp32")
    monkeypatch.setattr("recognizer.evaluation.evaluation.LINES_AT_ONCE", 3)
    assert without_times(evaluate(bundle, SAMPLES, "fp32")) == without_times(found)


def test_the_run_is_recorded(bundle: Bundle) -> None:
    told = evaluate(bundle, SAMPLES, "fp32", skipped={"empty text": ("a", "b")}).as_json()
    assert (told["bundle"], told["architecture"], told["policy"]) == (bundle.id, "small", "folded")
    assert (told["arithmetic"], told["processor"], told["decoder"]) == ("fp32", processor()[0], "greedy")
    assert told["skipped"] == {"empty text": 2}
    assert told["lines_per_second"] > 0


def test_progress_is_shown_to_terminals_only(bundle: Bundle, capsys: pytest.CaptureFixture[str]) -> None:
    evaluate(bundle, SAMPLES, "fp32")
    assert capsys.readouterr() == ("", "")


def test_without_lines_there_is_nothing_to_evaluate(bundle: Bundle) -> None:
    with pytest.raises(NothingToEvaluate, match=r"left out: 2 with empty text, 1 with no image\); name data"):
        evaluate(bundle, [], "fp32", skipped={"empty text": ("a", "b"), "no image": ("c",)})


def test_json_has_the_promised_keys_at_every_level() -> None:
    told = judged(SAMPLES, ["ab", "ab", "cde", "cd"]).as_json()
    for part in (told, told["folded"]):
        groups: Sequence[dict[str, float]] = [part["all"], *part["script"].values(), *part["dataset"].values()]
        assert all({"cer", "wer", "lines", "characters", "cer_interval"} <= set(group) for group in groups)
        assert list(part["language"]) == ["eng"]
    assert told["all"]["cer"] == pytest.approx(1 / 10)
    assert told["class"]["lower"] == {"name": "lower", "characters": 10, "errors": 1, "rate": pytest.approx(0.1)}
    assert told["confusions"] == [{"truth": "e", "read": "", "count": 1}]
    assert json.loads(json.dumps(told))["all"]["cer_interval"] == list(told["all"]["cer_interval"])


def test_variants_are_told_when_asked_for() -> None:
    told = judged([sample("A.")], ["a"], ignore_case=True, ignore_punctuation=True).as_json()
    keys = ("folded", "ignore_case", "ignore_punctuation", "ignore_case_and_punctuation")
    assert [told[key]["all"]["cer"] for key in keys] == [1.0, 0.5, 1.0, 0.0]
    assert "ignore_case" not in judged([sample("A.")], ["a"]).as_json()


def test_folded_rates_forgive_what_the_policy_of_the_bundle_tells_apart() -> None:
    own = TextPolicy("own", {"x": "y"})
    found = judged([sample("x", raw="deſſen", policy=own)], ["dessen"], own)
    assert found.as_json()["all"]["cer"] == pytest.approx(2 / 6)
    assert found.as_json()["folded"]["all"]["cer"] == 0
    assert found.as_json()["policy"] == {"name": "own", "replacements": {"x": "y"}}


def test_no_time_has_no_speed() -> None:
    found = judged(SAMPLES, [""] * 4)
    assert found.lines_per_second == 8
    timeless = evaluation.Run(**{**vars(found.run), "wall": 0.0})
    assert Evaluation(**{**vars(found), "run": timeless}).lines_per_second == 0


def test_real_lines_of_many_hands_are_judged() -> None:
    shared = Path(__file__).parents[3] / "../shared/data/lines/val.parquet"
    if not shared.exists():
        pytest.skip(f"{shared} is not there")
    from recognizer.samples import load_lines

    data = load_lines([shared], 80, limit=150)
    found = judged(data.samples, [text.text.replace("e", "c") for text in data.samples])
    assert [(c.truth, c.read) for c in found.mistakes.confusions] == [("e", "c")]
    assert found.scores.all.cer == pytest.approx(found.mistakes.confusions[0].count / found.scores.all.characters)
