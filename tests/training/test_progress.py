"""What share of a plan is over, and when there are fewer epochs than were planned."""

import pytest

from skhebb._training.state import Progress


def run(n_epochs, easy_loss, losses):
    """Shares of the plan that are over before each epoch; the last loss goes on."""
    progress, shares = Progress(max_epochs=n_epochs, n_left=n_epochs), []
    while progress.n_left:
        assert progress.epoch == len(shares)
        shares.append(progress.share(0))
        loss = losses[min(len(shares), len(losses)) - 1]
        progress = progress.after_epoch(loss, easy_loss)
    assert progress.counted == pytest.approx(n_epochs)
    return shares


@pytest.mark.parametrize(("easy_loss", "loss"), [(0.0, 0.0), (0.5, 0.5), (0.5, 3.0)])
def test_each_epoch_counts_the_same(easy_loss, loss):
    assert run(7, easy_loss, [loss]) == [epoch / 7 for epoch in range(7)]
    assert Progress(max_epochs=7, n_left=7).share(0.5) == 0.5 / 7


def test_easy_epochs_count_for_more():
    # After the first one 39 are left, of which twenty count 39 / 20 each; then thirteen
    # would share what is left; at last none counts for more than a tenth of all.
    counted = [0, 1, 1 + 39 / 20]
    counted.append(counted[-1] + (40 - counted[-1]) / 13)
    left = 40 - counted[-1]
    counted += [counted[-1] + n * left / 9 for n in range(1, 9)]
    shares = run(40, 0.3, [0.5 * 0.3, 0.1, 1e-9])
    assert shares == pytest.approx([each / 40 for each in counted])


@pytest.mark.parametrize("loss", [0.0, -1e-18])
def test_a_loss_of_nothing(loss):
    expected = [0, *(0.01 + 0.099 * n for n in range(10))]
    assert run(100, 0.1, [loss]) == pytest.approx(expected)


def test_a_plan_of_up_to_ten_epochs_stays():
    assert len(run(10, 1.0, [0.0])) == 10
    assert len(run(1, 1.0, [0.0])) == 1


def test_an_epoch_that_is_not_easy_counts_one():
    shares = run(20, 1.0, [0.5, 2.0])
    assert shares[:3] == pytest.approx([0, 1 / 20, (1 + 19 / 10) / 20])
    assert len(shares) == 2 + 18  # 17.1, upwards


def test_a_stream_has_no_end():
    progress = Progress().after_epoch(0.0, 1.0)
    assert progress.epoch == 1
    assert progress.share(0.5) is None
