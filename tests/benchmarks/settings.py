"""Settings that several benchmarks share."""

# SET as published (Mocanu et al. 2018; de Ranitz 2023), where defaults differ, those of
# HebbSET too.
PUBLISHED = {
    "initial_graph": "erdos_renyi",
    "growth": "random",
    "epsilon": 20,
    "weight_scale": 0.1,
    "growth_scale": 0.1,
    "zeta": 0.3,
    "zeta_schedule": "constant",
    "evolution_interval": "epoch",
    "evolution_end": 1.0,
    "solver": "sgd",
    "momentum": 0,
    "weight_decay": 0,
    "dropout": 0,
    "learning_rate": "constant",
    "tol": None,  # always all epochs
}
