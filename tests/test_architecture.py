"""Imports go one way: estimators, training, network, kernels."""

import ast
from pathlib import Path

import pytest

import skhebb

ROOT = Path(skhebb.__file__).parent
LEAVES = {"_activations", "_losses", "_optimizers", "_schedules", "_dropout"} | {
    "_encoders",
    "topology",
    "plasticity",
}
# What each module may import of the package, besides the version.
ALLOWED = {
    "_kernels": set(),
    "_buffers": set(),
    "_sklearn": set(),
    "_threads": {"_kernels"},
    "_batches": {"_kernels", "_buffers"},
    "_csr": set(),
    "_norms": set(),
    "_baseline": {"_batches"},
    "_memory": {"_csr"},
    "_topology_state": {"_csr", "_kernels"},
    "_random": set(),
    "_transaction": set(),
    "_layer": {"_kernels", "_buffers", "_csr"},
    "_network": {"_kernels", "_layer", "_buffers", "_memory"},
    "_training": {"_network", "_buffers", "_kernels", "_schedules", "_threads"},
    "_observer": set(),
    "_sparse": set(),
    "_validation": {"_csr", "_sklearn", "_sparse"},
    "_early_stopping": {"_sklearn", "_training"},
    "_show_versions": {"_kernels", "_threads"},
    "_activations": {"_kernels"},
    "_losses": {"_kernels"},
    "_optimizers": {"_kernels"},
    "_recipe": set(),
    "_schedules": set(),
    "_dropout": {"_kernels"},
    "_encoders": set(),
    "topology": {"_kernels", "_csr", "_memory"},
    "plasticity": {"_norms", "_buffers", "_csr", "_kernels", "_topology_state"},
    "datasets": set(),
    "_base": LEAVES
    | {"_batches", "_layer", "_network", "_observer", "_random", "_sklearn"}
    | {"_early_stopping", "_persistence", "_transaction", "_sparse", "_threads"}
    | {"_baseline", "_memory", "_recipe", "_training", "_validation"},
    "_persistence": {"_activations", "_csr", "_layer", "_network", "_topology_state"}
    | {"_encoders", "_training", "_transaction", "_validation"},
    "_classifier": {"_base", "_losses", "_sklearn", "_encoders", "_transaction"}
    | {"_validation"},
    "_regressor": {"_base", "_losses", "_sklearn", "_encoders", "_transaction"}
    | {"_validation"},
    "_set_classifier": {"_classifier"},
    "_set_regressor": {"_regressor"},
    "_hebbset": {"_sklearn", "_validation", "plasticity"},
    "_hebbset_classifier": {"_classifier", "_hebbset"},
    "_hebbset_regressor": {"_hebbset", "_regressor"},
    "_components": {"_activations", "_batches", "_buffers", "_csr", "_kernels"}
    | {"_layer", "_network", "_norms"},
    "_features": {"_components", "_csr", "_observer", "_schedules", "_sklearn"}
    | {"_memory", "_random", "_transaction", "_sparse", "_threads", "_validation"}
    | {"_norms", "_persistence", "topology"},
    "_feature_activations": {"plasticity"},
    "_winner_take_all": {"_feature_activations", "_features", "_norms", "_sklearn"}
    | {"_threads", "plasticity"},
    "_soft_hebb": {"_feature_activations", "_features", "_sklearn", "plasticity"},
    "_convolution": set(),
    "_patch_encoder": {"_feature_activations", "_features", "_transaction"},
    "_convolutional_features": {"_convolution", "_features", "_patch_encoder"}
    | {"_memory", "_persistence", "_random", "_sklearn", "_threads"}
    | {"_transaction", "_validation", "_winner_take_all"},
    "_hebbian_mask": {
        "_schedules",
        "_sklearn",
        "_validation",
        "plasticity",
        "topology",
    },
    "_hebbian_mask_classifier": {"_classifier", "_hebbian_mask"},
    "_hebbian_mask_regressor": {"_hebbian_mask", "_regressor"},
    "_hebbian_pca": {"_features", "_memory", "_sklearn", "_threads", "_transaction"}
    | {"_norms", "_persistence", "_validation", "plasticity"},
    "_pretraining": {"_classifier", "_features", "_hebbian_pca", "_set_classifier"}
    | {"_activations", "_batches", "_layer", "_network", "_random", "_transaction"}
    | {"_persistence", "_sklearn", "_sparse", "_threads", "_validation"},
    "_whitening": {
        "_persistence",
        "_transaction",
        "_sklearn",
        "_threads",
        "_validation",
    },
    "inspection": {"_base", "_buffers", "_convolutional_features", "_csr"}
    | {"_training"},
    "__init__": {"_set_classifier", "_set_regressor"}
    | {"_hebbset_classifier", "_hebbset_regressor"}
    | {"_hebbian_mask_classifier", "_hebbian_mask_regressor"}
    | {"_winner_take_all", "_soft_hebb", "_hebbian_pca", "_whitening", "_pretraining"}
    | {"_convolutional_features", "_show_versions", "datasets", "inspection"},
    "_version": set(),
}


def unit(name):
    """The module or folder right below the package that `name` belongs to."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else None


def imported_units(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "skhebb"
        ):
            below = unit(node.module)
            yield from [below] if below else [alias.name for alias in node.names]
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.startswith("skhebb"):
                    yield unit(alias.name)


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_imports_go_one_way(path):
    relative = path.relative_to(ROOT)
    own = relative.parts[0].removesuffix(".py")
    assert set(imported_units(path)) <= ALLOWED[own] | {own, "_version"}


@pytest.mark.parametrize(
    "path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT))
)
def test_private_names_of_sklearn_are_in_one_file(path):
    if path.name == "_sklearn.py":
        return
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(
            "sklearn"
        ):
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            assert not [name for name in names if name.startswith("_")]


def test_training_knows_no_sklearn():
    for name in ("_training", "_network", "_layer", "_batches", "_buffers"):
        assert "sklearn" not in (ROOT / f"{name}.py").read_text()
