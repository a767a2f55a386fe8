"""Real data sets by name, from a local folder or from OpenML."""

import os
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from sklearn.datasets import fetch_openml, load_digits

OPENML_NAMES = {
    "mnist": "mnist_784",
    "fashion_mnist": "Fashion-MNIST",
    "isolet": "isolet",
    "madelon": "madelon",
    "cnae9": "cnae-9",
}


def fetch_dataset(name: str) -> tuple[np.ndarray | csr_matrix, np.ndarray]:
    """Load a data set.

    Parameters
    ----------
    name : str
        "digits" is the one that scikit-learn ships. Any other is read from the file
        ``<name>.npz``, with arrays `X` and `y`, in the folder that the environment
        variable ``SKHEBB_DATA`` names. If that variable is not set, the set is
        fetched from OpenML with :func:`sklearn.datasets.fetch_openml`, which keeps a
        copy; "mnist", "fashion_mnist", "isolet", "madelon" and "cnae9" stand for the
        names there.

    Returns
    -------
    X : {ndarray, csr_matrix} of shape (n_samples, n_features)
        The samples, of the type they are stored in; a csr_matrix where the file holds
        its `data`, `indices`, `indptr` and `shape` instead of `X`.
    y : ndarray of shape (n_samples,)
        Their classes, or numbers.

    Raises
    ------
    FileNotFoundError
        If ``SKHEBB_DATA`` is set and has no such file.
    """
    if name == "digits":
        return load_digits(return_X_y=True)
    folder = os.environ.get("SKHEBB_DATA")
    if not folder:
        return fetch_openml(
            OPENML_NAMES.get(name, name), return_X_y=True, as_frame=False, parser="auto"
        )
    path = Path(folder, f"{name}.npz")
    if not path.is_file():
        found = ", ".join(sorted(file.stem for file in Path(folder).glob("*.npz")))
        raise FileNotFoundError(
            f"no data set {name!r} in SKHEBB_DATA={folder}. It has: {found or 'none'}."
        )
    with np.load(path) as arrays:
        if "X" in arrays:
            return arrays["X"], arrays["y"]
        parts = [arrays[part] for part in ("data", "indices", "indptr")]
        return csr_matrix(tuple(parts), shape=arrays["shape"]), arrays["y"]
