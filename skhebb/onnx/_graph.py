"""Nodes and constants of the part of a model that one estimator becomes."""

import numpy as np
from onnx import TensorProto, numpy_helper
from scipy.sparse import issparse
from skl2onnx.common.data_types import DoubleTensorType

TYPES = {
    np.dtype(np.float32): TensorProto.FLOAT,
    np.dtype(np.float64): TensorProto.DOUBLE,
    np.dtype(np.int32): TensorProto.INT32,
    np.dtype(np.int64): TensorProto.INT64,
}
CELL = np.dtype(np.int32)  # of the numbers of cells
LARGEST = np.iinfo(CELL).max


class Graph:
    """A part of a model, in words that converters want.

    Parameters
    ----------
    scope : skl2onnx Scope
        Knows which names are taken.
    operator : skl2onnx Operator
        The estimator, and what goes in and out of it.
    container : skl2onnx ModelComponentContainer
        Gets nodes and constants.

    Attributes
    ----------
    dtype : dtype
        What is computed in.
    inputs : str
        The samples, of that type, (n_samples, n_features).
    """

    def __init__(self, scope, operator, container):
        self.scope = scope
        self.container = container
        self.dtype = float_of(operator.inputs[0].type)
        self.inputs = self.cast(operator.inputs[0].full_name, self.dtype)

    def node(self, kind, *inputs, output=None, **attributes):
        """Add a node; return the name of its output, by default a new one."""
        if output is None:
            output = self.scope.get_unique_variable_name(kind.lower())
        name = self.scope.get_unique_operator_name(kind)
        self.container.add_node(kind, list(inputs), [output], name=name, **attributes)
        return output

    def cast(self, value, dtype, output=None):
        """Add a node that gives `value` in another type."""
        return self.node("Cast", value, output=output, to=TYPES[np.dtype(dtype)])

    def give(self, value, variable):
        """Let `value`, of the type that is computed in, be an output of the model."""
        dtype = float_of(variable.type)
        if dtype == self.dtype:
            self.node("Identity", value, output=variable.full_name)
        else:
            self.cast(value, dtype, output=variable.full_name)

    def constant(self, array, name="constant"):
        """Add an array of numbers or strings; return its name."""
        name = self.scope.get_unique_variable_name(name)
        array = np.asarray(array)
        if array.dtype.kind in "OU":
            texts = [text.encode("utf-8") for text in array.tolist()]
            kind, content = TensorProto.STRING, texts
        else:
            content = numpy_helper.from_array(np.ascontiguousarray(array), name)
            kind = content.data_type
        self.container.add_initializer(name, kind, list(array.shape), content)
        return name

    def number(self, value):
        """Add a number of the type that is computed in; return its name."""
        return self.constant(np.array(value, dtype=self.dtype))

    def product(self, values, weights, of_what):
        """Add the product of samples with weights.

        Parameters
        ----------
        values : str
            (n_samples, n_in).
        weights : csr_array or ndarray of shape (n_in, n_out)
        of_what : str
            Whose weights, for an error.
        """
        n_cells = weights.shape[0] * weights.shape[1]
        if n_cells > LARGEST:
            raise ValueError(
                f"{of_what} cannot be converted: ONNX Runtime would make a dense "
                f"matrix of {n_cells:.1e} weights. skhebb.export_npz keeps "
                "connections only."
            )
        if issparse(weights):
            n_bytes = self.shorter(weights.dtype).itemsize
            if weights.nnz * (n_bytes + CELL.itemsize) < n_cells * n_bytes:
                return self.node("MatMul", values, self.scattered(weights))
            weights = weights.toarray()
        return self.node("MatMul", values, self.dense(weights))

    def shorter(self, dtype):
        """Return the shorter one of a type and that which is computed in."""
        return min(self.dtype, dtype, key=lambda each: each.itemsize)

    def dense(self, array):
        """Add an array of weights, in a file as short as it can be."""
        dtype = self.shorter(array.dtype)
        constant = self.constant(array.astype(dtype, copy=False), "weights")
        return constant if dtype == self.dtype else self.cast(constant, self.dtype)

    def scattered(self, weights):
        """Add nodes that put the weights of connections into a matrix of zeros.

        A `sparse_initializer`, which ONNX has for that, wants indices of int64: 12
        bytes per connection instead of 8.
        """
        n_in, n_out = weights.shape
        rows = np.repeat(np.arange(n_in), np.diff(weights.indptr))
        cells = self.constant((rows * n_out + weights.indices).astype(CELL))
        size = self.constant(np.array([n_in * n_out]))
        zero = numpy_helper.from_array(np.zeros(1, dtype=self.dtype))
        zeros = self.node("ConstantOfShape", size, value=zero)
        data = self.dense(weights.data)
        flat = self.node("ScatterElements", zeros, cells, data, axis=0)
        return self.node("Reshape", flat, self.constant(np.array([n_in, n_out])))

    def piecewise_linear(self, z, slope):
        """Add z for z > 0 and `slope` z for z < 0."""
        if slope == 1:
            return z
        positive = self.node("Relu", z)
        if slope == 0:
            return positive
        negative = self.node("Min", z, self.number(0))
        scaled = self.node("Mul", negative, self.number(slope))
        return self.node("Add", positive, scaled)


def float_of(kind):
    """Return the floating-point type for a type of skl2onnx, float32 for integers."""
    return np.dtype(np.float64 if isinstance(kind, DoubleTensorType) else np.float32)
