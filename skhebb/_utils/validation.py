"""Checks of what users pass, beyond scikit-learn's own; errors name the parameter."""

import functools
import inspect
import warnings
from numbers import Integral, Number

import narwhals.stable.v2 as nw
import numpy as np
from scipy.sparse import csr_array, issparse
from sklearn.utils import check_array, validation

from skhebb._utils.csr import index_dtype, make_csr
from skhebb._utils.sklearn import _check_sample_weight
from skhebb._utils.sparse import check_sparse

FLOATS = (np.float64, np.float32)  # what X may be; the first is made of others


# scikit-learn adds all numbers up first; inf - inf there is no reason to warn.
without_warning = np.errstate(invalid="ignore")
check_array = without_warning(check_array)
validate_data = without_warning(validation.validate_data)


class CheckedCallsMixin:
    """Lets errors about the arguments of public methods name the class of the object.

    Python's own name the class that has the method, a base class that no user knows, or
    none where scikit-learn has wrapped it.
    """

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        for name in dir(cls):
            owner = next(base for base in cls.__mro__ if name in vars(base))
            is_checked = owner is not cls and issubclass(owner, CheckedCallsMixin)
            method = vars(owner)[name]
            if inspect.isfunction(method) and name[0] != "_" and not is_checked:
                setattr(cls, name, check_call(method))


def check_call(method):
    """Let errors about the arguments of a method name the class of the object."""
    signature = inspect.signature(method)
    parameters = list(signature.parameters.values())
    # Of calls with all that is needed, and by position, there is nothing to check.
    needed = [each for each in parameters if each.default is each.empty]
    is_plain = all(each.kind is each.POSITIONAL_OR_KEYWORD for each in needed)

    @functools.wraps(method)
    def checked(self, *args, **kwargs):
        if kwargs or len(args) + 1 != len(needed) or not is_plain:
            try:
                signature.bind(self, *args, **kwargs)
            except TypeError as error:
                name = f"{type(self).__name__}.{method.__name__}()"
                raise TypeError(f"{name} {error}") from None
        return method(self, *args, **kwargs)

    return checked


def check_floats(estimator):
    """Raise if a parameter is an integer that no float can hold."""
    for name, value in estimator.get_params(deep=False).items():
        if isinstance(value, Integral) and int(value).bit_length() > 1023:
            raise ValueError(
                f"The {name!r} parameter of {type(estimator).__name__} must be below "
                f"1e308. Got an integer of {int(value).bit_length()} bits instead."
            )


def parameters_of(estimator, names):
    """The values of parameters, to be compared and saved."""
    values = {name: getattr(estimator, name) for name in names}
    random_state = values.get("random_state")
    if not isinstance(random_state, Integral | None):
        values["random_state"] = type(random_state).__name__  # which changes with use
    return values


def warn_of_changes(estimator, advice):
    """Warn of parameters that only a new model heeds and that changed since then."""
    before = getattr(estimator, "_begun_with", {})
    now = parameters_of(estimator, before)
    changes = [
        f"{name} (now {now[name]!r}, then {value!r})"
        for name, value in before.items()
        if not np.array_equal(now[name], value)
    ]
    if changes:
        warnings.warn(
            f"{', '.join(changes)} changed since this {type(estimator).__name__} was "
            f"begun, which has no effect on what training goes on with. {advice}",
            UserWarning,
            stacklevel=5,
        )


def floats_for(X):
    """The types that X may have; the first is what becomes of others.

    That is float32 for a data frame, of any library, which NumPy would make float32.
    """
    frame = nw.from_native(X, eager_only=True, pass_through=True)
    is_frame = isinstance(frame, nw.DataFrame)
    if is_frame and frame.head(0).to_numpy().dtype == np.float32:
        return FLOATS[::-1]
    return FLOATS


def check_sortable(name, labels):
    """Raise if `labels` are objects that cannot be sorted, or numbers as objects."""
    if labels.dtype.kind in "mM" and np.isnat(labels).any():
        raise ValueError(f"The labels {name} contain NaT, which stands for no value.")
    if labels.dtype != object:
        return
    types = sorted({type(label).__name__ for label in labels})
    try:
        np.unique(labels)
    except TypeError as error:
        raise TypeError(
            f"The labels {name} must be of one type, such as all strings or all "
            f"numbers. Got {', '.join(types)}."
        ) from error
    if all(isinstance(label, Number | np.bool) for label in labels):
        raise ValueError(
            f"Unknown label type: the labels {name} are numbers ({', '.join(types)}) "
            "in an array of dtype object. Convert it, for example by "
            f"{name}.astype(int)."
        )


def check_layer_sizes(hidden_layer_sizes):
    """`hidden_layer_sizes` as a list of positive integers."""
    sizes = hidden_layer_sizes
    if isinstance(sizes, np.ndarray):
        sizes = sizes.tolist()
    sizes = [sizes] if isinstance(sizes, Integral) else list(sizes)
    for size in sizes:
        if isinstance(size, bool) or not isinstance(size, Integral) or size < 1:
            raise ValueError(
                "The 'hidden_layer_sizes' parameter must hold integers in the range "
                f"[1, inf). Got {hidden_layer_sizes!r} instead."
            )
    return [int(size) for size in sizes]


def check_strengths(name, strengths, n_layers):
    """`strengths`, one number or one for each layer of weights, as a list of those."""
    array = np.asarray(strengths)
    if array.ndim == 0:
        array = np.full(n_layers, strengths)
    is_numeric = array.shape == (n_layers,) and array.dtype.kind in "fiu"
    if not is_numeric or not (np.isfinite(array) & (array >= 0)).all():
        raise ValueError(
            f"The {name!r} parameter must be a number in the range [0, inf), or "
            f"{n_layers} of them, one for each layer of weights. Got {strengths!r}."
        )
    return array.tolist()


def check_layers(name, layers, n_layers):
    """`layers`, indices of layers of weights or "all", as a set."""
    if isinstance(layers, str):
        return set(range(n_layers))
    indices = np.asarray(layers)
    are_indices = indices.ndim == 1 and (indices.dtype.kind in "iu" or not indices.size)
    if not are_indices or ((indices < -n_layers) | (indices >= n_layers)).any():
        raise ValueError(
            f"The {name!r} parameter must be 'all' or a list of indices in the range "
            f"[{-n_layers}, {n_layers - 1}]. Got {layers!r}."
        )
    return {int(index) % n_layers for index in indices}


def check_coefs(coefs_init, shapes, dtype, name="coefs_init"):
    """`coefs_init` as canonical csr_arrays of `dtype`, independent of the user's."""
    check_length(name, coefs_init, len(shapes))
    checked = []
    for depth, (coefs, shape) in enumerate(zip(coefs_init, shapes, strict=True)):
        item = f"{name}[{depth}]"
        coefs = check_numbers(item, coefs, dtype, accept_sparse="csr")
        checked.append(check_connections(item, coefs, shape))
    return checked


def check_connections(name, weights, shape):
    """A canonical csr_array of this shape; zeros of a csr_array are connections."""
    check_shape(name, weights.shape, shape)
    weights = csr_array(weights)
    weights.sum_duplicates()
    index_type = index_dtype(weights.nnz)
    indices = weights.indices.astype(index_type, copy=False)
    indptr = weights.indptr.astype(index_type, copy=False)
    return make_csr(weights.data, indices, indptr, shape)


def check_intercepts(intercepts_init, sizes, dtype, name="intercepts_init"):
    """`intercepts_init` as arrays of `dtype`; zeros for None."""
    if intercepts_init is None:
        return [np.zeros(size, dtype=dtype) for size in sizes]
    check_length(name, intercepts_init, len(sizes))
    checked = []
    for depth, (intercepts, size) in enumerate(
        zip(intercepts_init, sizes, strict=True)
    ):
        item = f"{name}[{depth}]"
        intercepts = check_numbers(item, intercepts, dtype, ensure_2d=False)
        check_shape(item, intercepts.shape, (size,))
        checked.append(intercepts)
    return checked


def check_numbers(name, array, dtype, **options):
    """A copy of `array` as finite numbers; `options` are those of `check_array`."""
    array = check_sparse(name, array)
    try:
        return check_array(array, dtype=dtype, input_name=name, copy=True, **options)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be an array of numbers. {error}") from error


def check_length(name, arrays, n_layers):
    """Raise unless `arrays` is a sequence of one array per layer of weights."""
    if issparse(arrays) or not hasattr(arrays, "__len__") or len(arrays) != n_layers:
        found = f"{len(arrays)} of them" if isinstance(arrays, list | tuple) else arrays
        raise ValueError(
            f"{name} must be a list of {n_layers} arrays, one for each layer of "
            f"weights. Got {found!s:.200}."
        )


def check_shape(name, found, wanted):
    """Raise if the shapes differ."""
    if tuple(found) != tuple(wanted):
        raise ValueError(f"{name} must have shape {wanted}. Got {found}.")


def check_attribute(name, array, shape):
    """A fitted array that users may have changed; a canonical csr_array if sparse."""
    if issparse(array):
        array = csr_array(check_sparse(name, array))
        if not array.has_canonical_format:
            array = array.copy()
            array.sum_duplicates()
    values = array.data if issparse(array) else array
    if not isinstance(values, np.ndarray) or values.dtype not in FLOATS:
        found = getattr(values, "dtype", type(values).__name__)
        raise ValueError(
            f"{name} must be an array of float64 or float32. Got {found}. It was "
            "changed after training."
        )
    check_shape(name, array.shape, shape)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} contains NaN or infinity.")
    return array if issparse(array) else np.asarray(array)


def check_weights(name, sample_weight, X):
    """`sample_weight` as an array of one weight per sample, not all 0."""
    weights = _check_sample_weight(
        sample_weight, X, dtype=np.float64, ensure_non_negative=True
    )
    if not weights.any():
        raise ValueError(f"{name} must be positive for at least one sample.")
    if not 1e-20 <= weights.max() <= 1e20:  # beyond, errors under- or overflow
        raise ValueError(
            f"The largest {name} must be in the range [1e-20, 1e20]. Got "
            f"{weights.max()}. Multiply all of them by a number."
        )
    return weights


def check_outputs(outputs):
    """Raise if what an estimator makes of samples is not finite."""
    check_overflowing(count_overflowing(outputs), len(outputs))


def count_overflowing(outputs):
    """Count samples of which an estimator makes what is not finite."""
    is_finite = np.isfinite(outputs.reshape(len(outputs), -1)).all(axis=1)
    return len(outputs) - np.count_nonzero(is_finite)


def check_overflowing(n_overflowing, n_samples):
    """Raise if there are samples of which what is made of them is not finite."""
    if n_overflowing:
        raise ValueError(
            f"X is too large: sums overflow for {n_overflowing} of {n_samples} "
            "samples. Scale X as in training."
        )
