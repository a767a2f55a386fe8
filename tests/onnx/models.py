"""Convert and run models; what is needed for it, not everyone has."""

import pytest

from skhebb.onnx import register_converters

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")

SMALL = {
    "hidden_layer_sizes": (20, 10),
    "density": 0.3,
    "max_iter": 5,
    "tol": None,
    "random_state": 0,
}


def convert(model, X, **options):
    """The ONNX model, in bytes, of an estimator that gets samples like X."""
    register_converters()
    options = {id(model): options} if options else None
    converted = skl2onnx.to_onnx(model, X[:1], options=options)
    onnx.checker.check_model(converted, full_check=True)
    return converted.SerializeToString()


def run(content, X):
    """What ONNX Runtime makes of samples, a list."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        content, options, providers=["CPUExecutionProvider"]
    )
    return session.run(None, {session.get_inputs()[0].name: X})


def outputs_of(model, X, **options):
    """What the ONNX model of an estimator makes of X."""
    return run(convert(model, X, **options), X)
