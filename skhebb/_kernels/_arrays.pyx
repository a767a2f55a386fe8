"""The door for arrays: pointers to what they hold, or an error that names them."""

cimport numpy as cnp

cnp.import_array()


cdef bint fits(array, char kind, size_t item, int ndim, bint writes) except -1:
    """Whether this is an array of such items, in the order of C, that may be written."""
    if not isinstance(array, cnp.ndarray):
        return False
    cdef cnp.ndarray a = <cnp.ndarray>array
    return (
        cnp.PyArray_NDIM(a) == ndim
        and (cnp.PyArray_ISFLOAT(a) if kind == c"f" else cnp.PyArray_ISSIGNED(a))
        and <size_t>cnp.PyArray_ITEMSIZE(a) == item
        and cnp.PyArray_IS_C_CONTIGUOUS(a)
        and cnp.PyArray_ISNOTSWAPPED(a)
        and (not writes or cnp.PyArray_ISWRITEABLE(a))
    )


cdef object refusal(str name, array, str types, str shape, bint writes):
    """The error for an array that is not what it must be."""
    access = "writable, " if writes else ""
    got = type(array).__name__
    if isinstance(array, cnp.ndarray):
        order = "" if array.flags.c_contiguous else "not contiguous, "
        order = order if array.flags.writeable or not writes else "read-only, "
        got = f"{order}{array.dtype} of shape {array.shape}"
    return ValueError(
        f"{name} must be a {access}contiguous array, {types} of shape {shape}. Got {got}."
    )


cdef str type_of(char kind, size_t item):
    """The name of a type."""
    return f"float{8 * item}" if kind == c"f" else f"int{8 * item}"


cdef size_t item_of(str name, array, char kind) except 0:
    """The bytes of an item of an array with one axis, of either of two types."""
    cdef size_t item
    for item in range(4, 9, 4):
        if fits(array, kind, item, 1, False):
            return item
    types = f"{type_of(kind, 4)} or {type_of(kind, 8)}"
    raise refusal(name, array, types, "(n,)", False)


cdef Py_ssize_t size_of(str name, array, char kind, size_t item) except -1:
    """The size of an array with one axis."""
    if not fits(array, kind, item, 1, False):
        raise refusal(name, array, type_of(kind, item), "(n,)", False)
    return cnp.PyArray_DIM(<cnp.ndarray>array, 0)


cdef char* data_of(
    str name, array, char kind, size_t item, Py_ssize_t size, bint writes
) except? NULL:
    """The items of an array of shape (size,)."""
    if (
        not fits(array, kind, item, 1, writes)
        or cnp.PyArray_DIM(<cnp.ndarray>array, 0) != size
    ):
        raise refusal(name, array, type_of(kind, item), f"({size},)", writes)
    return cnp.PyArray_BYTES(<cnp.ndarray>array)


cdef Py_ssize_t* positions(str name, array, Py_ssize_t size) except? NULL:
    """The items of an array of intp of shape (size,), to be read."""
    return <Py_ssize_t*>data_of(name, array, c"i", sizeof(Py_ssize_t), size, False)


cdef char* reals(str name, array, size_t item, Py_ssize_t size) except? NULL:
    """The numbers of an array of shape (size,), to be read."""
    return data_of(name, array, c"f", item, size, False)


cdef char* room(str name, array, size_t item, Py_ssize_t size) except? NULL:
    """The numbers of an array of shape (size,), to be written."""
    return data_of(name, array, c"f", item, size, True)


cdef char* matrix(
    str name, array, size_t item, Py_ssize_t* shape, bint writes
) except? NULL:
    """The numbers of an array of a shape, or a larger one, which `shape` becomes."""
    if (
        not fits(array, c"f", item, 2, writes)
        or cnp.PyArray_DIM(<cnp.ndarray>array, 0) < shape[0]
        or cnp.PyArray_DIM(<cnp.ndarray>array, 1) < shape[1]
    ):
        least = f"(at least {shape[0]}, at least {shape[1]})"
        raise refusal(name, array, type_of(c"f", item), least, writes)
    shape[0] = cnp.PyArray_DIM(<cnp.ndarray>array, 0)
    shape[1] = cnp.PyArray_DIM(<cnp.ndarray>array, 1)
    return cnp.PyArray_BYTES(<cnp.ndarray>array)


cdef char* start_of(array) except? NULL:
    """The items of an array that needs no checks."""
    return cnp.PyArray_BYTES(<cnp.ndarray?>array)
