"""Estimators as plain data, for pickle, joblib and skops.

What training goes on from is saved as dicts, lists, numbers and arrays. Files then do
not depend on the classes inside of this package, and skops need trust no other than the
estimator's.
"""

import inspect
from numbers import Integral

import numpy as np

from skhebb._utils.csr import make_csr
from skhebb._utils.transaction import twin
from skhebb._utils.validation import FLOATS
from skhebb._version import __version__

# What scikit-learn's callbacks keep during a fit.
OF_A_FIT = ("_callback_fit_ctx", "_skl_callbacks_to_teardown")

# What reading a damaged file may raise.
OF_DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)

# Raised when files of this version are of no use to those before.
FORMAT = 3


class PersistenceMixin:
    """Saving, loading and copying of estimators."""

    def __getstate__(self):
        fitted = twin(self)  # another thread may train, and so change, this one
        attributes = dict(super(PersistenceMixin, fitted).__getstate__())
        for name in OF_A_FIT:
            attributes.pop(name, None)
        saved = {"version": __version__, "format": FORMAT}
        saved.update(fitted._pack(attributes))
        return {**attributes, "_saved": saved}

    def __setstate__(self, attributes):
        attributes = dict(attributes)
        saved = attributes.pop("_saved", {"version": "an earlier version", "format": 0})
        if not isinstance(saved, dict) or "format" not in saved:
            raise ValueError(
                f"This {type(self).__name__} cannot be loaded, because what was saved "
                f"is damaged: _saved={saved!s:.80}"
            )
        if saved["format"] != FORMAT:
            raise ValueError(
                f"This {type(self).__name__} was saved by skhebb {saved['version']}; "
                f"skhebb {__version__} cannot load it. Use the version that saved it, "
                "or fit it again."
            )
        # Parameters that are newer than the file.
        for parameter in inspect.signature(type(self)).parameters.values():
            attributes.setdefault(parameter.name, parameter.default)
        loaded = object.__new__(type(self))
        vars(loaded).update(attributes)
        try:
            begun_with = attributes.get("_begun_with", {})
            require(begun_with.keys() <= loaded.get_params().keys(), "_begun_with")
            loaded._unpack(saved)
        except OF_DAMAGE as error:
            raise ValueError(
                f"This {type(self).__name__} cannot be loaded, because what was saved "
                f"is damaged: {error}"
            ) from error
        vars(self).update(vars(loaded))

    def __copy__(self):
        new = twin(self)
        for name in OF_A_FIT:
            vars(new).pop(name, None)
        return new

    def _pack(self, attributes):
        """Make plain data of `attributes`, or take them out and return it."""
        return {}

    def _unpack(self, saved):
        """Make attributes of what `_pack` made and returned; raise if not sound."""


def unpack_csr(name, shape, data, indices, indptr):
    """A csr_array of these arrays, if they fit; indices may lead out of it."""
    require(
        len(shape) == 2 and all(isinstance(n, Integral) and n > 0 for n in shape),
        f"{name} has shape {shape}",
    )
    require(
        data.dtype in FLOATS
        and data.ndim == 1
        and indices.dtype == indptr.dtype
        and indices.dtype in (np.int32, np.int64)
        and indices.shape == data.shape
        and indptr.shape == (shape[0] + 1,),
        f"the arrays of {name} do not fit its shape {tuple(shape)}",
    )
    return make_csr(data, indices, indptr, tuple(shape))


def are_alike(array, other):
    """Whether an array has the shape and type of another, and no gaps."""
    return (
        array.shape == other.shape
        and array.dtype == other.dtype
        and array.flags.c_contiguous
    )


def native(array):
    """An array in the byte order of this machine."""
    require(isinstance(array, np.ndarray), f"an array is a {type(array).__name__}")
    return array.astype(array.dtype.newbyteorder("="), copy=False)


def check_features(estimator):
    """Raise unless `n_features_in_` is a number, and that of the names there are."""
    n = estimator.n_features_in_
    check_counts(n_features_in_=n)
    names = getattr(estimator, "feature_names_in_", range(n))
    require(len(names) == n, f"it has {len(names)} feature_names_in_")


def check_counts(**counts):
    """Raise unless these are positive integers."""
    for name, n in counts.items():
        require(isinstance(n, Integral) and n > 0, f"{name}={n!s:.80}")


def generator(state):
    """A random generator in this state."""
    rng = np.random.default_rng()
    rng.bit_generator.state = state
    return rng


def require(is_sound, what):
    """Raise a ValueError that says what is not sound."""
    if not is_sound:
        raise ValueError(what)
