"""Features that were learned without labels as parts of ONNX models."""

import numpy as np
from scipy.sparse import issparse
from skl2onnx.common.data_types import guess_tensor_type
from sklearn.utils.validation import check_is_fitted

from skhebb.onnx._graph import Graph
from skhebb.onnx._networks import check_inputs


def features_shapes(operator):
    """Tell type and shape of features."""
    check_is_fitted(operator.raw_operator)
    check_inputs(operator)
    n_outputs = len(operator.raw_operator.get_feature_names_out())
    kind = type(guess_tensor_type(operator.inputs[0].type))
    shape = [operator.inputs[0].get_first_dimension(), n_outputs]
    operator.outputs[0].set_type(kind(shape))


def convert_features(scope, operator, container):
    """Add the units of a local rule to a model."""
    graph = Graph(scope, operator, container)
    model = operator.raw_operator
    components = model.components_
    weights = components.T.tocsr() if issparse(components) else components.T
    z = graph.product(graph.inputs, weights, type(model).__name__)
    if model.activation == "triangle":
        n_units = components.shape[0]
        mean = np.full((n_units, 1), 1 / n_units, dtype=graph.dtype)
        z = graph.node("Sub", z, graph.node("MatMul", z, graph.constant(mean)))
    if model.activation != "identity":
        z = graph.node("Relu", z)
    if model.activation == "triangle" and model.power != 1:
        z = graph.node("Pow", z, graph.number(model.power))
    graph.give(z, operator.outputs[0])


def convert_whitening(scope, operator, container):
    """Add whitening to a model."""
    graph = Graph(scope, operator, container)
    model = operator.raw_operator
    centred = graph.node("Sub", graph.inputs, graph.dense(model.mean_))
    white = graph.product(centred, model.whitening_, type(model).__name__)
    graph.give(white, operator.outputs[0])


def refuse_shapes(operator):
    """Raise: there is no converter."""
    refuse(None, operator, None)


def refuse(scope, operator, container):
    """Raise: there is no converter."""
    name = type(operator.raw_operator).__name__
    raise NotImplementedError(
        f"{name} cannot be converted to ONNX. Compute its features with this package, "
        "and convert what comes after it."
    )
