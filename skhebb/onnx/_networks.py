"""Classifiers and regressors as parts of ONNX models."""

import numpy as np
from scipy.sparse import csr_array
from skl2onnx import get_model_alias
from skl2onnx._parse import _apply_zipmap  # which has no public name
from skl2onnx.common.data_types import (
    FloatTensorType,
    Int64TensorType,
    StringTensorType,
    guess_tensor_type,
)

from skhebb._export import exported_layers, network_of
from skhebb.onnx._graph import Graph

CLASSIFIER_OPTIONS = {"zipmap": [True, False, "columns"], "nocl": [True, False]}


def parse_classifier(scope, model, inputs, custom_parsers=None):
    """Declare what a classifier gives: labels and probabilities.

    By default skl2onnx has the latter as a dictionary for each sample, which ONNX knows
    of float32 only.
    """
    network = network_of(model)
    zipmap = scope.get_options(model, {"zipmap": True})["zipmap"]
    kind = guess_tensor_type(inputs[0].type)
    if network._encoder.has_one_class:
        labels_of(model, network)  # raises what is wrong with them
        kind = FloatTensorType() if zipmap is True else kind
    elif zipmap == "columns":
        raise ValueError(
            f"{type(model).__name__} gives several labels per sample: zipmap must be "
            "True or False, which both give a tensor of probabilities. Got 'columns'."
        )
    operator = scope.declare_local_operator(get_model_alias(type(model)), model)
    operator.inputs = inputs
    operator.outputs.append(scope.declare_local_variable("label", Int64TensorType()))
    operator.outputs.append(scope.declare_local_variable("probabilities", kind))
    if network._encoder.has_one_class and zipmap:
        return _apply_zipmap(zipmap, scope, model, inputs[0].type, operator.outputs)
    return operator.outputs


def classifier_shapes(operator):
    """Tell types and shapes of labels and probabilities."""
    check_inputs(operator)
    model = operator.raw_operator
    network = network_of(model)
    n_samples = operator.inputs[0].get_first_dimension()
    labels, probabilities = operator.outputs[:2]
    n_columns = len(network._encoder.classes)
    if network._encoder.has_one_class:
        classes = output_labels(operator.scope_inst, model, network)
        kind = Int64TensorType if classes.dtype.kind == "i" else StringTensorType
        labels.set_type(kind([n_samples]))
    else:
        labels.set_type(Int64TensorType([n_samples, n_columns]))
    probabilities.set_type(type(probabilities.type)([n_samples, n_columns]))


def regressor_shapes(operator):
    """Tell type and shape of predictions."""
    check_inputs(operator)
    n_outputs = network_of(operator.raw_operator)._encoder.n_outputs
    kind = type(guess_tensor_type(operator.inputs[0].type))
    shape = [operator.inputs[0].get_first_dimension(), n_outputs]
    operator.outputs[0].set_type(kind(shape))


def check_inputs(operator):
    """Raise unless there is one input, a matrix."""
    if len(operator.inputs) != 1:
        raise ValueError(
            f"{type(operator.raw_operator).__name__} wants one input, a matrix of all "
            f"features. Got {len(operator.inputs)} inputs; a ColumnTransformer before "
            "it makes one of them."
        )


def convert_classifier(scope, operator, container):
    """Add a classifier to a model."""
    graph = Graph(scope, operator, container)
    model = operator.raw_operator
    network = network_of(model)
    labels, probabilities = operator.outputs[:2]
    outputs = forward(graph, network, type(model).__name__)
    kind = network._encoder.kind
    if kind == "multiclass":
        numbers = graph.node("ArgMax", outputs, axis=1, keepdims=0)
    else:
        numbers = graph.node("Greater", outputs, graph.number(0.5))
        numbers = graph.cast(numbers, np.int64)
    if kind == "binary":
        numbers = graph.node("Reshape", numbers, graph.constant(np.array([-1])))
        others = graph.node("Sub", graph.number(1), outputs)
        outputs = graph.node("Concat", others, outputs, axis=1)
    if kind == "multiclass" and network.out_activation_ == "logistic":
        outputs = shares(graph, outputs, len(network._encoder.classes))
    graph.give(outputs, probabilities)
    if network._encoder.has_one_class:
        classes = graph.constant(output_labels(scope, model, network))
        numbers = graph.node("Gather", classes, numbers)
    graph.node("Identity", numbers, output=labels.full_name)


def convert_regressor(scope, operator, container):
    """Add a regressor to a model: in double precision from the scale of y on."""
    graph = Graph(scope, operator, container)
    model = operator.raw_operator
    network = network_of(model)
    outputs = forward(graph, network, type(model).__name__)
    outputs = graph.cast(outputs, np.float64)
    scale = graph.constant(np.asarray(network.y_scale_, dtype=np.float64))
    mean = graph.constant(np.asarray(network.y_mean_, dtype=np.float64))
    y = graph.node("Add", graph.node("Mul", outputs, scale), mean)
    graph.cast(y, graph.dtype, output=operator.outputs[0].full_name)


def forward(graph, network, name):
    """Add the layers of a network; return its outputs, (n_samples, n_outputs)."""
    activations = graph.inputs
    for depth, layer in enumerate(exported_layers(network)):
        arrays = layer["data"], layer["indices"], layer["indptr"]
        weights = csr_array(arrays, shape=layer["shape"])
        products = graph.product(
            activations, weights, f"Layer {depth + 1} of {name}, {weights.shape},"
        )
        z = graph.node("Add", products, graph.dense(layer["biases"]))
        if layer["activation"] == "piecewise linear":
            activations = graph.piecewise_linear(z, layer["negative_slope"])
        else:
            activations = ACTIVATIONS[layer["activation"]](graph, z)
    return activations


ACTIVATIONS = {
    "identity": lambda graph, z: z,
    "tanh": lambda graph, z: graph.node("Tanh", z),
    "logistic": lambda graph, z: graph.node("Sigmoid", z),
    "softmax": lambda graph, z: graph.node("Softmax", z, axis=1),
}


def shares(graph, outputs, n_outputs):
    """Add outputs divided by their sum; all alike where they are all zero."""
    ones = graph.constant(np.ones((n_outputs, 1), dtype=graph.dtype))
    totals = graph.node("MatMul", outputs, ones)
    is_zero = graph.node("Equal", totals, graph.number(0))
    outputs = graph.node("Add", outputs, graph.cast(is_zero, graph.dtype))
    return graph.node("Div", outputs, graph.node("MatMul", outputs, ones))


def output_labels(scope, model, network):
    """Return what a model gives for each class; with `nocl` the number of the class."""
    if scope.get_options(model, {"nocl": False})["nocl"]:
        return np.arange(len(network._encoder.classes))
    return labels_of(model, network)


def labels_of(model, network):
    """Return the classes as int64 or strings; raise if they are neither."""
    classes = network._encoder.classes
    if all(isinstance(each, str) for each in classes.tolist()):
        return classes.astype(str)
    if classes.dtype.kind in "biuf":
        with np.errstate(invalid="ignore"):
            integers = classes.astype(np.int64)
        if np.array_equal(integers, classes):
            return integers
    raise ValueError(
        f"{type(model).__name__} cannot be converted: ONNX has classes that are "
        f"strings or integers of 64 bits. Got {classes[:5]!r}."
    )
