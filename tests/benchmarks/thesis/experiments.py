"""What is trained: a list of jobs for each experiment.

A job is a dict of

- `data`, what `data.load` takes, and `seed`, of data and network;
- `estimator`, "hebbset" (with lambda0=0 that is SET, bit for bit) or "mlp", and
  `model`, its parameters;
- `n_epochs`, and `evaluate`, after which of them, from 0, the test data are used, None
  for all;
- `hebbian_epochs`, after how many the Hebbian term is left out, None for never;
- `drop_last`, whether an incomplete last mini-batch is left out;
- `watch`, whether connections are looked at.
"""

from itertools import product

from tests.benchmarks.settings import PUBLISHED

N_EPOCHS = 250
LAMBDAS = (0.0, 0.005, 0.01, 0.025)
EARLY, LATE = range(40, 60, 2), range(230, 250, 2)
WINDOWS = [*EARLY, *LATE]

THESIS = {
    **PUBLISHED,
    "hidden_layer_sizes": [1000, 1000, 1000],
    "loss": "squared_error_published",
    "learning_rate_init": 0.02,
    "batch_size": 200,
    "lambda_unit": "batch",
    "lambda_decay": 0.98,
    "n_jobs": 1,
}
LUNG = {**THESIS, "hidden_layer_sizes": [2000, 2000, 2000], "batch_size": 30}
MNIST_2400 = {"name": "mnist", "reading": "official", "n_train": 2400, "n_test": 2000}


def job(data, seed, **changed):
    """A job of the thesis, but for what is `changed`."""
    return {
        "data": data,
        "seed": seed,
        "estimator": "hebbset",
        "model": THESIS,
        "n_epochs": N_EPOCHS,
        "evaluate": None,
        "hebbian_epochs": None,
        "drop_last": False,
        "watch": False,
        **changed,
    }


def table_2(name, reading, n_trials=10):
    """SET and HebbSET on MNIST or Lung."""
    data = {"name": name, "reading": reading}
    base = THESIS if name == "mnist" else LUNG
    return [
        job(
            data,
            seed,
            model={**base, "lambda0": lambda0},
            drop_last=reading == "code",
            watch=(name, reading) == ("mnist", "text"),
        )
        for lambda0, seed in product(LAMBDAS, range(n_trials))
    ]


def beyond(models, n_seeds=5, data=MNIST_2400, **changed):
    """Jobs on 2400 images and 2000 test images, of each model and seed."""
    changed = {"evaluate": WINDOWS, **changed}
    return [
        job(data, seed, model={**THESIS, **model}, **changed)
        for model, seed in product(models, range(n_seeds))
    ]


# Question 1: (name, settings, learning rates); the middle rate is the one of the
# thesis, or the usual one.
HE = {"weight_scale": "he", "growth_scale": 0.0}
TRAININGS = {
    "published derivative": ({}, (0.005, 0.02, 0.08)),
    "squared error": ({"loss": "squared_error"}, (0.02, 0.1, 0.5)),
    "cross-entropy": ({"loss": "log_loss"}, (0.005, 0.02, 0.08)),
    "cross-entropy, He": ({"loss": "log_loss", **HE}, (0.005, 0.02, 0.08)),
    "cross-entropy, momentum, He": (
        {"loss": "log_loss", "momentum": 0.9, **HE},
        (0.0005, 0.002, 0.008),
    ),
    "cross-entropy, Adam, He": (
        {"loss": "log_loss", "solver": "adam", **HE},
        (0.0001, 0.0005, 0.002),
    ),
}


def trainings():
    """Question 1: losses, optimisers, initial weights and learning rates."""
    models = []
    for settings, rates in TRAININGS.values():
        pairs = [*product(rates, (0.0, 0.01)), (rates[1], 0.003)]
        models += [
            {**settings, "learning_rate_init": rate, "lambda0": lambda0}
            for rate, lambda0 in pairs
        ]
    return beyond(models)


LOSSES = ("squared_error_published", "log_loss")
# Question 2: what is changed of HebbSET with λ0 = 0.01.
SCHEDULES = {
    "SET": {"lambda0": 0.0},
    "HebbSET": {},
    "first 10 epochs": {"hebbian_epochs": 10},
    "first 25 epochs": {"hebbian_epochs": 25},
    "first 50 epochs": {"hebbian_epochs": 50},
    "first 100 epochs": {"hebbian_epochs": 100},
    "decay 0.9": {"lambda_decay": 0.9},
    "decay 0.95": {"lambda_decay": 0.95},
    "decay 0.99": {"lambda_decay": 0.99},
    "decay 1": {"lambda_decay": 1.0},
    "all but the output layer": {"lambda0": [0.01, 0.01, 0.01, 0.0]},
    "first layer": {"lambda0": [0.01, 0.0, 0.0, 0.0]},
    "hidden to hidden": {"lambda0": [0.0, 0.01, 0.01, 0.0]},
    "output layer": {"lambda0": [0.0, 0.0, 0.0, 0.01]},
}


BY_CROSS_ENTROPY = (
    "SET", "HebbSET", "first 25 epochs", "first 100 epochs", "decay 0.9", "decay 1",
    "all but the output layer",
)  # fmt: skip


def schedules():
    """Question 2: when, and in which layers, the Hebbian term acts."""
    published = [schedule(LOSSES[0], **changes) for changes in SCHEDULES.values()]
    others = [schedule(LOSSES[1], **SCHEDULES[name]) for name in BY_CROSS_ENTROPY]
    return [job for jobs in (*published, *others) for job in jobs]


def schedule(loss, hebbian_epochs=None, **changes):
    """The jobs of one line of question 2."""
    model = {"loss": loss, "lambda0": 0.01, **changes}
    return beyond([model], hebbian_epochs=hebbian_epochs)


# Question 3: images and epochs, which make 3000 mini-batches as in the thesis.
SIZES = {2400: 250, 10_000: 60, 60_000: 10}
# The thesis's λ0 at each of 12 mini-batches is 0.12 a generation.
SIZED = {"lambda_unit": "generation", "lambda0": 0.12}


def sized(name, loss, size, interval, lambda0):
    """The jobs of one figure of question 3."""
    n_epochs = SIZES[size]
    data = {"name": name, "reading": "official", "n_train": size, "n_test": 10_000}
    model = {**SIZED, "loss": loss, "lambda0": lambda0, "evolution_interval": interval}
    last = range(n_epochs - max(2, n_epochs // 25), n_epochs, max(1, n_epochs // 50))
    return beyond([model], data=data, n_epochs=n_epochs, evaluate=list(last))


# Data, loss and when the topology evolves; of 2400 images an epoch is 12 mini-batches.
SIZED_TRAININGS = (
    ("mnist", LOSSES[0], "epoch"),
    ("mnist", LOSSES[1], "epoch"),
    ("fashion_mnist", LOSSES[0], "epoch"),
    ("mnist", LOSSES[0], 12),
)


def sizes():
    """Question 3: more images, harder images."""
    return [
        job
        for size, (name, loss, interval) in product(SIZES, SIZED_TRAININGS)
        for lambda0 in (0.0, SIZED["lambda0"])
        if (size, interval) != (2400, 12)
        for job in sized(name, loss, size, interval, lambda0)
    ]


DENSE = {
    "solver": "sgd",
    "momentum": 0,
    "alpha": 0,
    "learning_rate_init": 0.02,
    "batch_size": 200,
}
# 784 h + 2 h² + 10 h weights: 126 thousand, as epsilon=20 gives.
DENSE_SIZES = {"equal size": 1000, "equal weights": 123}


def dense():
    """Question 4: dense networks of scikit-learn, which learn by cross-entropy."""
    jobs = []
    for size in DENSE_SIZES.values():
        for changes in ({}, {"solver": "adam", "learning_rate_init": 0.0005}):
            model = {**DENSE, **changes, "hidden_layer_sizes": [size] * 3}
            jobs += [
                job(MNIST_2400, seed, estimator="mlp", model=model, evaluate=WINDOWS)
                for seed in range(5)
            ]
    return jobs


DENSITIES = (0.0025, 0.005, 0.01, 0.02, 0.05, 0.1)
RULES = {
    "static": {"lambda0": 0.0, "zeta": 0.0},
    "SET": {"lambda0": 0.0},
    "HebbSET": {"lambda0": 0.01},
}


# Settings and densities; the last one has weights that suit the number of connections.
DENSITY_TRAININGS = {
    "published derivative": ({"loss": LOSSES[0]}, DENSITIES),
    "cross-entropy": ({"loss": LOSSES[1]}, DENSITIES),
    "cross-entropy, He": ({"loss": LOSSES[1], **HE}, DENSITIES[:-1]),
    "cross-entropy, Adam, He": (
        {**TRAININGS["cross-entropy, Adam, He"][0], "learning_rate_init": 0.0005},
        DENSITIES[:3],
    ),
}


def dense_to(density, training, rule):
    """The jobs of one figure of question 5."""
    model = {**DENSITY_TRAININGS[training][0], **RULES[rule]}
    return beyond([{**model, "epsilon": None, "density": density}])


def densities():
    """Question 5: how little of the network is needed."""
    return [
        job
        for training, (_, densities) in DENSITY_TRAININGS.items()
        for rule, density in product(RULES, densities)
        for job in dense_to(density, training, rule)
    ]


EXPERIMENTS = {
    "table2_mnist_text": lambda: table_2("mnist", "text"),
    "table2_mnist_code": lambda: table_2("mnist", "code"),
    "table2_lung_text": lambda: table_2("lung_bhattacharjee1543", "text"),
    "table2_lung_code": lambda: table_2("lung_bhattacharjee1543", "code"),
    "trainings": trainings,
    "schedules": schedules,
    "sizes": sizes,
    "dense": dense,
    "densities": densities,
}
