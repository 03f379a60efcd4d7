from dataclasses import replace

import pytest

from recognizer.train.recipe import LEAST_RATE, Progress, Recipe

STEPS = Recipe(steps=100, rate=1.0, warm_up=10)


@pytest.mark.parametrize("lengths", [{}, {"minutes": 1.0, "epochs": 1.0}, {"epochs": 1.0, "steps": 1}])
def test_a_recipe_has_exactly_one_length(lengths: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="either minutes, or epochs, or steps"):
        Recipe(**lengths)  # type: ignore[arg-type]


def test_progress_counts_minutes_epochs_or_steps() -> None:
    progress = Progress(step=5, seconds=90, epoch=2, batch=1, batches=4)
    assert progress.done(Recipe(minutes=3)) == 0.5
    assert progress.done(Recipe(epochs=4.5)) == 0.5
    assert progress.done(Recipe(steps=20)) == 0.25


def test_the_rate_warms_up_and_falls_as_a_cosine() -> None:
    rates = [Progress(step=step).rate(STEPS) for step in range(101)]
    assert rates[0] == pytest.approx(0.1, rel=1e-3)
    assert max(rates) == rates[9]
    assert rates[9:] == sorted(rates[9:], reverse=True)
    assert rates[50] == pytest.approx(0.5, rel=1e-3)
    assert rates[100] == pytest.approx(LEAST_RATE)


def test_the_rate_halves_on_a_plateau() -> None:
    recipe, progress = replace(STEPS, schedule="plateau", warm_up=0), Progress(step=50)
    verdicts = [progress.judge(cer) for cer in (0.5, 0.6, 0.4, 0.4)]
    assert verdicts == [True, False, True, False]
    assert progress.rate(recipe) == pytest.approx(0.25, rel=1e-3)
    assert (progress.best_cer, progress.best_judging) == (0.4, 3)


def test_judgings_are_spread_evenly() -> None:
    recipe, progress, at = replace(STEPS, judgings=4), Progress(), []
    for step in range(1, 101):
        progress.step = step
        if progress.to_judge(recipe):
            progress.judge(1 / step)
            at.append(step)
    assert at == [25, 50, 75, 100]
    assert progress.over(recipe)


def judged(step: int, *cers: float) -> Progress:
    progress = Progress(step=step)
    for cer in cers:
        progress.judge(cer)
    return progress


def test_training_ends_when_nothing_is_better_for_long() -> None:
    worse = [0.6] * (STEPS.patience - 1)
    assert not judged(80, 0.5, *worse).over(STEPS)
    assert judged(80, 0.5, *worse, 0.6).over(STEPS)
    assert not judged(79, 0.5, *worse, 0.6).over(STEPS), "the rate is still high"
    assert not judged(80, 0.95, *worse, 0.96).over(STEPS), "it has not begun to read"
    assert judged(100).over(STEPS)


def test_judgings_that_are_only_looked_at_end_nothing() -> None:
    stuck = Progress(step=90, judged=9, best_cer=0.1, best_judging=1)
    assert stuck.over(Recipe(steps=100, patience=3))
    assert not stuck.over(Recipe(steps=100, patience=3, keep="last"))
