"""Parameters: set, copied and shown."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils import estimator_html_repr


class TestParameters:
    CHANGED = {
        "hidden_layer_sizes": (7, 6),
        "activation": "all_relu",
        "loss": "squared_error",
        "class_weight": {0: 2.0},
        "normalize_y": False,
        "lambda0": 0.5,
        "lambda_decay": 0.75,
        "lambda_unit": "batch",
        "negative_slope": 0.25,
        "initial_graph": "uniform",
        "density": 0.75,
        "epsilon": 3.5,
        "weight_scale": 0.125,
        "growth_scale": "he",
        "zeta": 0.0625,
        "zeta_schedule": "constant",
        "evolution_end": 0.875,
        "pruning": "sign",
        "growth": np.sort,
        "evolution_interval": 3,
        "solver": "sgd",
        "alpha": 0.0078125,
        "weight_decay": 0.0009765625,
        "dropout": 0.03125,
        "batch_size": 17,
        "learning_rate": "adaptive",
        "learning_rate_init": 0.34375,
        "power_t": 0.375,
        "momentum": 0.40625,
        "nesterovs_momentum": False,
        "beta_1": 0.4375,
        "beta_2": 0.46875,
        "max_iter": 23,
        "shuffle": False,
        "tol": 0.5625,
        "n_iter_no_change": 29,
        "early_stopping": True,
        "validation_fraction": 0.59375,
        "scoring": "loss",
        "warm_start": True,
        "verbose": True,
        "random_state": 31,
        "n_jobs": 3,
    }

    def test_round_trip(self, estimator):
        default = type(estimator)()
        changed = {name: self.CHANGED[name] for name in default.get_params()}
        assert not any(default.get_params()[name] == changed[name] for name in changed)
        given = type(estimator)(**changed)
        assert given.get_params() == changed
        assert default.set_params(**changed).get_params() == changed
        assert clone(given).get_params() == changed
        assert given.set_params(**type(estimator)().get_params()).get_params() == (
            type(estimator)().get_params()
        )

    def test_printed(self, estimator):
        """What is printed makes the same again, and names only what was changed."""
        cls = type(estimator)
        shown = repr(cls(zeta=0.0625, epsilon=3.5))
        assert shown.replace("\n", "") == f"{cls.__name__}(epsilon=3.5, zeta=0.0625)"
        again = eval(repr(estimator), {cls.__name__: cls})
        assert again.get_params() == estimator.get_params()

    @pytest.mark.parametrize("within", [False, True])
    def test_html(self, estimator, data, within):
        shown = make_pipeline(StandardScaler(), estimator) if within else estimator
        name = type(estimator).__name__
        for is_fitted in (False, True):
            if is_fitted:
                shown.fit(*data)
            html = shown._repr_html_()
            assert html.count("<div") == html.count("</div>")
            assert f">{name}<" in html
            assert "learning_rate_init" in html
            assert ("Not fitted" in html) == (not is_fitted)
            assert name in estimator_html_repr(shown)
