"""The contract of rules that learn features, by a rule of few lines."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy import sparse

from skhebb import WinnerTakeAll
from skhebb._plasticity import ComponentsUpdate, UnsupervisedRule
from skhebb._transformers.base import BaseHebbianFeatures


class OjaRule(UnsupervisedRule):
    """Oja's rule: each unit for itself."""

    def update_components(self, components, batch, rate):
        outputs = components.project(batch)
        squares = np.sum(outputs**2, axis=0)
        components.update(ComponentsUpdate(rate * outputs, rate * squares), batch)


class Oja(BaseHebbianFeatures):
    """The first principal component, by each unit."""

    def __init__(
        self,
        n_components=None,
        density=1,
        learning_rate="constant",
        learning_rate_init=0.01,
        batch_size=1,
        max_iter=1,
        shuffle=False,
        verbose=False,
        random_state=None,
        n_jobs=None,
    ):
        vars(self).update(
            {name: value for name, value in locals().items() if name != "self"}
        )

    def _rule(self):
        return OjaRule()

    def _activate(self, projections):
        return projections


@pytest.fixture
def X(rng):
    return rng.standard_normal((300, 4)) * [3, 1, 1, 1]


@pytest.mark.parametrize("container", [np.asarray, sparse.csr_array])
@pytest.mark.parametrize("density", [1, 0.5])
def test_a_new_rule(X, container, density):
    start = np.array([[1.0, 0.2, -0.1, 0.4], [-0.3, 1.0, 0.1, 0.5]])
    if density < 1:
        start *= [[1, 0, 1, 0], [1, 1, 0, 0]]
        expected, initial = start.copy(), sparse.csr_array(start)
    else:
        expected, initial = start.copy(), start
    oja = Oja().fit(container(X), components_init=initial)
    for x in X:
        for unit in expected:
            y = unit @ x
            unit += 0.01 * y * (x - y * unit) * (unit != 0)
    found = oja.components_
    found = found.toarray() if sparse.issparse(found) else found
    assert_allclose(found, expected)
    assert np.all(np.abs(found[:, 0]) > 0.9)
    assert_allclose(oja.transform(container(X)), X @ expected.T)


def test_what_is_no_rule():
    class NoRule(WinnerTakeAll):
        def _rule(self):
            return "hebb"

    features = NoRule(3)
    with pytest.raises(TypeError, match="must be an UnsupervisedRule"):
        features.fit(np.eye(4))
    assert vars(features).keys() == vars(NoRule(3)).keys()
    with pytest.raises(TypeError, match="must be an UnsupervisedRule"):
        features.partial_fit(np.eye(4))


def test_a_rule_without_an_update():
    class Unfinished(UnsupervisedRule):
        pass

    with pytest.raises(TypeError, match="update_components"):
        Unfinished()
