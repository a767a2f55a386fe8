"""The figures of the lines that training prints."""

import re
import warnings

from numpy.testing import assert_allclose
from sklearn.exceptions import ConvergenceWarning

from skhebb import SETClassifier

from .hooks import CLASSIFIERS, NETWORK, Hook, Recorder

LINE = re.compile(
    r"Iteration (?P<epoch>\d+), loss = (?P<loss>\S+), "
    r"(validation loss = (?P<val_loss>\S+), validation score = (?P<score>\S+), )?"
    r"connections = (?P<connections>\d+), replaced = (?P<replaced>\S+) %"
)


class TestVerbose:
    def lines(self, capsys):
        shown = capsys.readouterr()
        assert shown.err == ""
        matches = [LINE.fullmatch(line) for line in shown.out.splitlines()]
        assert None not in matches
        return {
            name: [
                None if match[name] is None else float(match[name]) for match in matches
            ]
            for name in LINE.groupindex
        }

    def test_figures(self, estimator_class, data, capsys):
        X, y = data
        params = {**NETWORK, "zeta": 0.3, "initial_graph": "uniform"}
        recorder = Recorder()
        estimator = estimator_class(**params, verbose=True).set_callbacks(recorder)
        estimator.fit(X, y)
        shown = self.lines(capsys)
        assert shown["epoch"] == [1, 2, 3, 4, 5]
        assert_allclose(shown["loss"], estimator.loss_curve_, atol=5e-9)
        assert shown["score"] == shown["val_loss"] == [None] * 5
        fitted = [told["fitted"] for told in recorder.told("end", "epoch")]
        assert shown["connections"] == [each.n_connections_ for each in fitted]
        assert shown["connections"][-1] == estimator.n_connections_
        # Each epoch but the first has the connections that the one before lost.
        n_initial = recorder.told("begin", "epoch")[0]["fitted"].n_connections_
        lost = n_initial - estimator.n_connections_
        assert_allclose(lost / n_initial, 0.3, atol=0.02)
        shares = [0] + [100 * lost / n_initial] * 4
        assert_allclose(shown["replaced"], shares, atol=0.05)

    def test_early_stopping(self, estimator_class, data, capsys):
        X, y = data
        estimator = estimator_class(
            **NETWORK, verbose=1, early_stopping=True, validation_fraction=0.3
        ).fit(X, y)
        shown = self.lines(capsys)
        assert shown["epoch"] == [1, 2, 3, 4, 5]
        assert_allclose(shown["score"], estimator.validation_scores_, atol=5e-7)
        assert_allclose(shown["val_loss"], estimator.validation_loss_curve_, atol=5e-9)

    def test_a_network_that_does_not_evolve(self, data, capsys):
        clf = SETClassifier(**{**NETWORK, "zeta": 0}, verbose=True).fit(*data)
        shown = self.lines(capsys)
        assert shown["connections"] == [clf.n_connections_] * 5
        assert shown["replaced"] == [0] * 5

    def test_replaced_within_epochs(self, data, capsys):
        """Half of the connections before each mini-batch but the first of all."""
        params = {**NETWORK, "zeta": 0.5, "evolution_interval": 1, "batch_size": 10}
        X, y = data
        clf = SETClassifier(**params, verbose=True).fit(X, y)
        n_batches = -(-len(X) // 10)
        expected = [50 * (n_batches - 1)] + [50 * n_batches] * (clf.n_iter_ - 1)
        assert_allclose(self.lines(capsys)["replaced"], expected, rtol=0.02)

    def test_partial_fit(self, estimator_class, data, capsys):
        X, y = data
        estimator = estimator_class(**NETWORK, verbose=10)
        first = {"classes": [0, 1, 2]} if estimator_class in CLASSIFIERS else {}
        estimator.partial_fit(X, y, **first).partial_fit(X, y)
        lines = self.lines(capsys)
        assert lines["epoch"] == [1, 2]
        assert_allclose(lines["loss"], estimator.loss_curve_, atol=1e-8)

    def test_connections_of_the_last_line(self, data, capsys):
        params = {**NETWORK, "evolution_interval": 2, "batch_size": 20}
        clf = SETClassifier(**params, verbose=True).fit(*data)
        assert self.lines(capsys)["connections"][-1] == clf.n_connections_

    def test_stopped_by_a_callback(self, data, capsys):
        stop = Hook("end", "epoch", 1, lambda: True)
        SETClassifier(**NETWORK, verbose=True).set_callbacks(stop).fit(*data)
        assert self.lines(capsys)["epoch"] == [1, 2]

    def test_silent_by_default(self, estimator_class, data, capsys):
        X, y = data
        estimator = estimator_class(**NETWORK, early_stopping=True)
        estimator.set_callbacks(Recorder()).fit(X, y)
        estimator.set_params(early_stopping=False).partial_fit(X, y)
        estimator.predict(X)
        shown = capsys.readouterr()
        assert shown.out == shown.err == ""

    def test_silent_convergence_warning(self, data, capsys):
        """A warning is a warning, not a printed line."""
        clf = SETClassifier(**{**NETWORK, "tol": 0})
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            clf.fit(*data)
        assert [warning.category for warning in caught] == [ConvergenceWarning]
        assert capsys.readouterr().out == ""
