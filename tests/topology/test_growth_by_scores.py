"""Growth of the best of random candidates, and rules that look at a probe."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.sparse import csr_array, issparse
from scipy.stats import chisquare
from sklearn.base import is_classifier
from sklearn.datasets import load_digits

from skhebb import (
    HebbSETClassifier,
    HebbSETRegressor,
    SETClassifier,
    SETRegressor,
)
from skhebb._network.buffers import Batch, tiles_for
from skhebb._network.layer import SparseLayer
from skhebb._training import probing
from skhebb.topology import (
    GROWTH_RULES,
    Activity,
    CandidateRule,
    LayerProbe,
    SparseEvolution,
)

SHAPE = 12, 10


def make_layer(rng, n=40, n_target=50):
    dense = np.zeros(SHAPE)
    dense.flat[rng.choice(dense.size, n, replace=False)] = rng.standard_normal(n)
    layer = SparseLayer(csr_array(dense), np.zeros(SHAPE[1]))
    layer.n_connections_target = n_target
    return layer


def make_probe(rng, constant=False):
    n_samples = 70
    tiles = tiles_for(n_samples, np.float64)
    batch = Batch(tiles, tiles.ones, n_samples)
    common = rng.standard_normal(n_samples)

    def tiled(n):
        values = rng.standard_normal((n, n_samples))
        values += common * rng.standard_normal((n, 1))
        flat = np.zeros(n * tiles.stride)
        if not constant:
            tiles.pack(values, flat)
        return flat

    before, after = (Activity(tiled(n), n, batch, 1) for n in SHAPE)
    return LayerProbe(before, after, tiled(SHAPE[1]))


def grow(layer, rule, rng, probe):
    """Which cells were there, and which are new."""
    before = layer.weights.toarray() != 0
    topology = SparseEvolution("uniform", 1, None, 0.3, "magnitude", rule, 0.1, 1.0)
    topology.grow(layer, rng, probe)
    return before, (layer.weights.toarray() != 0) & ~before


def correlations(probe):
    both = np.vstack([probe.presynaptic, probe.postsynaptic])
    return np.corrcoef(both)[: SHAPE[0], SHAPE[0] :]


ORACLES = {
    "gradient": lambda probe: np.abs(probe.presynaptic @ probe.errors.T),
    "hebbian": lambda probe: np.abs(correlations(probe)),
}


def test_each_rule_that_scores_has_an_oracle():
    scored = {k for k, rule in GROWTH_RULES.items() if isinstance(rule, CandidateRule)}
    assert scored == set(ORACLES)


@pytest.mark.parametrize("n_new", [1, 10, 40, 79, 80])
@pytest.mark.parametrize("rule", sorted(ORACLES))
def test_the_best_candidates_grow(rule, n_new, rng):
    layer, probe = make_layer(rng, 40, 40 + n_new), make_probe(rng)
    seen = []

    class Recorder(type(GROWTH_RULES[rule])):
        def scores(self, candidates, probe):
            seen.append(candidates)
            return super().scores(candidates, probe)

    before, is_new = grow(layer, Recorder(), rng, probe)
    assert is_new.sum() == n_new
    if n_new == 80:  # all that are absent
        assert not seen
        return
    (candidates,) = seen
    assert candidates.has_canonical_format
    candidates = candidates.toarray()
    assert candidates.sum() == min(40 + n_new, 80)
    assert not (candidates & before).any()
    assert not (is_new & ~candidates).any()
    scores = ORACLES[rule](probe)
    assert scores[is_new].min() > scores[candidates & ~is_new].max()


def test_candidates_and_equal_scores_are_drawn_by_chance():
    counts = np.zeros(SHAPE)
    for seed in range(1500):
        layer = make_layer(np.random.default_rng(3))
        rng = np.random.default_rng(seed)
        before, is_new = grow(layer, "hebbian", rng, make_probe(rng, constant=True))
        counts += is_new
    assert not counts[before].any()
    assert chisquare(counts[~before]).pvalue > 1e-3


def test_what_has_no_score_is_last(rng):
    class Odd(CandidateRule):
        def scores(self, candidates, probe):
            scores = np.full(candidates.nnz, np.nan)
            scores[::2] = -np.inf
            scores[:10:2] = 1
            self.chosen = candidates.nonzero()[0][:10:2]
            return scores

    rule = Odd()
    _, is_new = grow(make_layer(rng, n_target=45), rule, rng, None)
    assert_array_equal(np.nonzero(is_new)[0], rule.chosen)


X, Y = load_digits(return_X_y=True)
X, Y = X[:300] / 16, Y[:300]
OFTEN = {
    "hidden_layer_sizes": (20, 15), "density": 0.3, "evolution_interval": 2,
    "evolution_end": 1.0, "max_iter": 3, "batch_size": 64, "random_state": 0,
}  # fmt: skip
LABELS = np.column_stack([Y % 2, Y > 4, Y == 3])
CASES = [
    (SETClassifier, {"dropout": 0.3}, Y),
    (SETClassifier, {"class_weight": {0: 3}}, Y),
    (SETClassifier, {"activation": "all_relu", "loss": "squared_error"}, Y % 2),
    (HebbSETClassifier, {"early_stopping": True}, Y),
    (HebbSETClassifier, {"solver": "sgd"}, LABELS),
    (SETRegressor, {"activation": "tanh"}, np.column_stack([Y, Y**2]) * 1.0),
    (HebbSETRegressor, {"early_stopping": True, "dropout": 0.1}, Y * 1.0),
]


def connections(estimator):
    return [(w.indptr.tolist(), w.indices.tolist()) for w in estimator.coefs_]


def parameters(estimator):
    return [w.data for w in estimator.coefs_] + estimator.intercepts_


@pytest.mark.parametrize("rule", sorted(ORACLES))
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("kind", "params", "y"), CASES)
def test_networks(kind, params, y, dtype, rule, all_threads, rng):
    """The same bits for any number of threads, and about the same for sparse X."""
    weight = rng.random(len(X)) * (rng.random(len(X)) > 0.1)
    fitted = [
        kind(growth=rule, n_jobs=n_jobs, **OFTEN, **params).fit(inputs, y, weight)
        for n_jobs, inputs in (
            (1, X.astype(dtype)), (2, X.astype(dtype)), (2, csr_array(X.astype(dtype))),
        )
    ]  # fmt: skip
    one, two, sparse = fitted
    for a, b in zip(parameters(one), parameters(two), strict=True):
        assert_array_equal(a, b)
    assert connections(one) == connections(two)
    assert_allclose(one.loss_curve_[0], sparse.loss_curve_[0], rtol=1e-3)
    random = kind(growth="random", **OFTEN, **params).fit(X.astype(dtype), y, weight)
    assert connections(one) != connections(random)
    assert [w.nnz for w in one.coefs_] == [w.nnz for w in random.coefs_]
    one.set_params(early_stopping=False, evolution_interval=1)
    one.partial_fit(X[:1].astype(dtype), y[:1])  # without a correlation
    assert [w.nnz for w in one.coefs_] == [w.nnz for w in random.coefs_]


def look_only(weights, n, rng, probe):
    assert probe.presynaptic.shape[1] == probe.errors.shape[1]
    return GROWTH_RULES["random"](weights, n, rng)


def no_probe(weights, n, rng):
    return GROWTH_RULES["random"](weights, n, rng)


@pytest.mark.parametrize("rule", [look_only, no_probe])
@pytest.mark.parametrize(("kind", "params", "y"), CASES)
def test_a_probe_shifts_no_other_draw(kind, params, y, rule):
    looking = kind(growth=rule, **OFTEN, **params).fit(X, y)
    random = kind(growth="random", **OFTEN, **params).fit(X, y)
    for a, b in zip(parameters(looking), parameters(random), strict=True):
        assert_array_equal(a, b)
    for estimator in (looking, random):
        estimator.set_params(early_stopping=False).partial_fit(X[:200], y[:200])
    for a, b in zip(parameters(looking), parameters(random), strict=True):
        assert_array_equal(a, b)


class Seen:
    """A growth rule that remembers probes."""

    def __init__(self):
        self.probes = []

    def __call__(self, weights, n, rng, probe):
        self.probes.append(probe)
        return GROWTH_RULES["random"](weights, n, rng)

    def __sklearn_clone__(self):
        return self


@pytest.mark.parametrize("is_sparse", [False, True])
def test_which_samples_are_seen(is_sparse, monkeypatch, rng):
    """Training samples with a weight, others each time; that of classes counts, too."""
    monkeypatch.setattr(probing, "MOST_SAMPLES", 50)
    weight = rng.random(len(X)) * (Y != 7)
    numbered = np.column_stack([np.arange(len(X)) / 100, X])
    clf = SETClassifier(
        growth=Seen(), class_weight={3: 0, 2: 5}, early_stopping=True, **OFTEN
    )
    clf.fit(csr_array(numbered) if is_sparse else numbered, Y, weight)
    probes = clf.growth.probes[::3]
    assert len(probes) > 3
    drawn = []
    for probe in probes:
        values = probe.presynaptic
        assert issparse(values) == is_sparse
        values = values.toarray() if is_sparse else values
        samples = np.rint(values[0] * 100).astype(int)
        drawn.append(samples.tolist())
        assert len(set(samples)) == 50
        assert_array_equal(values, numbered[samples].T)
        expected = weight[samples] * np.where(Y[samples] == 2, 5, 1)
        assert_allclose(probe.sample_weight, expected)
        assert not np.isin(Y[samples], [3, 7]).any()
    assert drawn[0] != drawn[1]
    n_ever = len(set(np.concatenate(drawn)))
    assert n_ever <= len(X) - 30  # never the held-out tenth


def test_a_rule_that_does_not_look_costs_nothing(monkeypatch):
    monkeypatch.delattr(probing, "probe_network")
    SETClassifier(growth="random", **OFTEN).fit(X, Y)
    with pytest.raises(NameError):
        SETClassifier(growth="hebbian", **OFTEN).fit(X, Y)
    # Nor one that has nowhere to grow.
    SETClassifier(growth="hebbian", **{**OFTEN, "density": 1.0}).fit(X, Y)


def test_errors_only_for_rules_that_want_them(monkeypatch):
    monkeypatch.delattr(probing, "propagate_back")
    SETClassifier(growth="hebbian", **OFTEN).fit(X, Y)
    for rule in ("gradient", look_only):
        with pytest.raises(NameError):
            SETClassifier(growth=rule, **OFTEN).fit(X, Y)


def test_large_inputs(rng):
    """Correlations do not depend on the scale of X."""
    scales = np.where(rng.random(64) < 0.5, 1e-3, 1e4)
    seen = [SETClassifier(growth=Seen(), **OFTEN).fit(Z, Y) for Z in (X, X * scales)]
    pairs = csr_array(np.ones((64, 20)))
    for clf in seen:
        values = clf.growth.probes[0].correlations(pairs)
        assert np.isfinite(values).all()
        assert 0.3 < np.abs(values).max() <= 1 + 1e-9
    assert is_classifier(clf)
