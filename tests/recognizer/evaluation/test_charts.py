import re

from lxml import etree

from recognizer.evaluation.charts import expected_cer, reliability_curve
from recognizer.evaluation.page_quality import JudgedPage
from recognizer.evaluation.reliability import Bin, Reliability


def circles(chart: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', chart)]


def test_a_curve_has_a_point_for_each_bin_and_words_for_ears() -> None:
    chart = reliability_curve("a <hand>", Reliability((Bin(10, 0.1, 0.1), Bin(90, 0.9, 0.9))))
    (low, high) = circles(chart)
    assert high[0] - low[0] == low[1] - high[1] == 160
    assert 'aria-label="Reliability of a &lt;hand&gt;: expected calibration error 0.000 over 100 words"' in chart
    assert etree.fromstring(chart) is not None


def test_no_word_makes_an_empty_chart() -> None:
    assert circles(reliability_curve("hand", Reliability(()))) == []


def test_pages_stay_within_the_chart() -> None:
    pages = [JudgedPage("", "hand", "fra", "fra", expected, cer) for expected, cer in ((0.05, 0.04), (0.4, 7.0))]
    chart = expected_cer([*pages, JudgedPage("", "hand", "fra", "fra", None, 0.1)])
    assert len(circles(chart)) == 2
    assert all(0 <= x <= 244 and 0 <= y <= 244 for x, y in circles(chart))
    assert "2 pages" in chart
    assert circles(expected_cer([])) == []
