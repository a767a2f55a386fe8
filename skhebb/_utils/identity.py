"""What decides the result of a fit, as text that can be compared and shown."""

import re

import numpy as np
from scipy.sparse import csr_array, issparse

from skhebb._utils.plain_files import checksum

WITHOUT_EFFECT = {"n_jobs", "verbose"}


def identity_of(estimator, **data):
    """Return a description of each parameter, and of data, by name."""
    return {
        "estimator": type(estimator).__name__,
        **{
            name: describe_parameter(value)
            for name, value in estimator.get_params(deep=False).items()
            if name not in WITHOUT_EFFECT
        },
        **{name: describe_data(value) for name, value in data.items()},
    }


def describe_parameter(value):
    """Return what a parameter is, in any process; functions by their names."""
    if isinstance(value, np.random.RandomState):
        return f"RandomState, {describe_data(value.get_state(legacy=False))}"
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    return re.sub(r" at 0x[0-9a-fA-F]+", "", repr(value))


def describe_data(data):
    """Return a checksum; of an array or sparse matrix, type and shape, too."""
    if data is None:
        return "None"
    if hasattr(data, "described_by"):  # frames have `describe`
        return data.described_by(describe_data)
    plain = as_plain(data)
    number = f"checksum {checksum({'data': plain}):08x}"
    if isinstance(plain, np.ndarray):
        data = np.asarray(data)  # of frames
    elif not issparse(data):
        return number
    return f"{data.dtype} of shape {data.shape}, {number}"


def as_plain(data):
    """Return data of the kinds that have a checksum."""
    if issparse(data):
        data = csr_array(data)
        arrays = data.data, data.indices, data.indptr
        return {"shape": data.shape, "arrays": list(arrays)}
    if isinstance(data, dict):
        return {name: as_plain(value) for name, value in data.items()}
    if isinstance(data, list | tuple):
        return [as_plain(value) for value in data]
    array = np.asarray(data)
    return array.astype(str) if array.dtype.kind in "OT" else array
