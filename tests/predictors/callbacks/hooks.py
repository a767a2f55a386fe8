"""Callbacks that look, stop or fail, and networks to set them on."""

import pickle

from sklearn.metrics import accuracy_score

from skhebb import HebbSETClassifier, HebbSETRegressor, SETClassifier, SETRegressor

CLASSIFIERS = [SETClassifier, HebbSETClassifier]
REGRESSORS = [SETRegressor, HebbSETRegressor]
NETWORK = {
    "hidden_layer_sizes": (30,),
    "density": 0.5,
    "zeta": 0.2,
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
    "learning_rate": "constant",
    "learning_rate_init": 0.01,
    "max_iter": 5,
    "tol": None,
    "random_state": 0,
}


def outputs(estimator, X):
    """The finest that an estimator tells of samples."""
    return getattr(estimator, "predict_proba", estimator.predict)(X)


def score_of(estimator, X, y, **weights):
    """The estimator's own figure, without its `score`."""
    if hasattr(estimator, "classes_"):
        return accuracy_score(y, estimator.predict(X), **weights)
    residuals, total = y - estimator.predict(X), y - y.mean()
    return 1 - residuals @ residuals / (total @ total)


class Recorder:
    """Remembers which hooks were called, with what."""

    def __init__(self):
        self.calls = []

    def setup(self, estimator, context):
        self.calls.append(("setup", context, estimator, None))

    def teardown(self, estimator, context):
        self.calls.append(("teardown", context, estimator, None))

    def on_fit_task_begin(
        self, estimator, context, *, X, y, metadata, fitted_estimator
    ):
        told = {"X": X, "y": y, "metadata": metadata, "fitted": fitted_estimator}
        self.calls.append(("begin", context, estimator, told))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        told = {"X": X, "y": y, "metadata": metadata, "fitted": fitted_estimator}
        self.calls.append(("end", context, estimator, told))

    def told(self, hook, task):
        """What a hook was told, call by call."""
        return [
            told
            for name, context, _, told in self.calls
            if (name, context.task_name) == (hook, task)
        ]


class Checkpoints:
    """Saves the network of each epoch."""

    def __init__(self, folder):
        self.folder = folder

    def setup(self, estimator, context):
        pass

    def on_fit_task_begin(self, estimator, context):
        pass

    def on_fit_task_end(self, estimator, context, *, fitted_estimator):
        path = self.folder / f"{context.task_name}{context.task_id}"
        path.write_bytes(pickle.dumps(fitted_estimator))

    def teardown(self, estimator, context):
        pass


class Hook:
    """Does nothing but what a test wants in one hook of one task."""

    def __init__(self, hook, task, task_id, action):
        self.at = hook, task, task_id
        self.action = action
        self.n_teardowns = 0

    def call(self, hook, context):
        if self.at == (hook, context.task_name, context.task_id):
            return self.action()
        return None

    def setup(self, estimator, context):
        self.call("setup", context)

    def on_fit_task_begin(self, estimator, context):
        return self.call("begin", context)

    def on_fit_task_end(self, estimator, context):
        return self.call("end", context)

    def teardown(self, estimator, context):
        self.n_teardowns += 1
        self.call("teardown", context)


def fail(error):
    """A function that raises it."""

    def action():
        raise error

    return action
