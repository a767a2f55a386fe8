"""The door for arrays: pointers to what they hold, or an error that names them.

A pointer is valid for as long as its array lives, which whoever passes that sees to.
`item` is the size of an item in bytes, `kind` is c"f" or c"i".
"""

cdef size_t item_of(str name, array, char kind) except 0
cdef Py_ssize_t size_of(str name, array, char kind, size_t item) except -1
cdef char* data_of(
    str name, array, char kind, size_t item, Py_ssize_t size, bint writes
) except? NULL
cdef Py_ssize_t* positions(str name, array, Py_ssize_t size) except? NULL
cdef char* reals(str name, array, size_t item, Py_ssize_t size) except? NULL
cdef char* room(str name, array, size_t item, Py_ssize_t size) except? NULL
cdef char* matrix(str name, array, size_t item, Py_ssize_t* shape, bint writes) except? NULL
cdef char* start_of(array) except? NULL
