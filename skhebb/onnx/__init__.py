"""Networks and features as ONNX models (``pip install "skhebb[onnx]"``).

skl2onnx converts estimators of scikit-learn, pipelines, searches and ensembles;
`register_converters` has it convert what is of this package, too.
"""

__all__ = ["register_converters"]


def register_converters() -> None:
    """Have skl2onnx convert the estimators of this package.

    To be called once, before :func:`skl2onnx.to_onnx` or
    :func:`skl2onnx.convert_sklearn`; once more does no harm. All classifiers and
    regressors are converted, :class:`~skhebb.WinnerTakeAll`,
    :class:`~skhebb.SoftHebb`, :class:`~skhebb.HebbianPCA` and
    :class:`~skhebb.ZCAWhitening`, alone and as parts of what skl2onnx converts.

    Models compute in the floating-point type of their input, float32 for integers.
    Give X of the type that the network was trained with for probabilities that agree to
    the last digits. Classifiers have the options `zipmap` and `nocl` of those of
    scikit-learn; where several labels may apply to a sample, the probabilities are a
    tensor, whatever `zipmap`.

    A file has 8 bytes per connection, 12 if network and input are of float64: the
    weights of a layer are written with the places where they go, and the model puts
    them there. ONNX has no product with a sparse matrix. **ONNX Runtime makes weights
    dense when it loads a model**, and products with them cost what those of a dense
    network do; :func:`~skhebb.export_npz` is for programs in which a network is to stay
    sparse.

    Raises
    ------
    ImportError
        If skl2onnx is not installed.

    Notes
    -----
    What cannot be converted is refused by name when skl2onnx comes to it:
    :class:`~skhebb.ConvolutionalFeatures`, also those in a
    :class:`~skhebb.HebbianPretrainingClassifier`; classes that are neither integers nor
    strings; layers with 2³¹ cells or more, connected or not, for which a dense matrix
    takes 8 GiB.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skhebb import SETClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = make_pipeline(StandardScaler(), SETClassifier(random_state=0)).fit(X, y)
    >>> from skhebb.onnx import register_converters
    >>> from skl2onnx import to_onnx  # doctest: +SKIP
    >>> register_converters()  # doctest: +SKIP
    >>> model = to_onnx(clf, X[:1], options={"zipmap": False})  # doctest: +SKIP

    ONNX Runtime predicts from it:

    >>> import onnxruntime  # doctest: +SKIP
    >>> session = onnxruntime.InferenceSession(
    ...     model.SerializeToString()
    ... )  # doctest: +SKIP
    >>> labels, probabilities = session.run(None, {"X": X})  # doctest: +SKIP
    """
    try:
        import skl2onnx  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "register_converters requires skl2onnx. Install it with `pip install "
            'skl2onnx` or `pip install "skhebb[onnx]"`.'
        ) from error
    from skhebb.onnx._registration import register

    register()
