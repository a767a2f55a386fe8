"""Products, updates and element-wise work of a layer, over rows and threads.

Each output element belongs to exactly one iteration of a loop, so that results are
the same bits for any number of threads.
"""

import os

from cython cimport floating
from cython.parallel cimport prange, threadid

cdef const skhebb_loops32* loops32
cdef const skhebb_loops64* loops64
cdef str chosen = None


def instruction_sets():
    """Names of the instruction sets that run here, best last."""
    return [
        skhebb_instruction_sets[which].name.decode()
        for which in range(SKHEBB_N_INSTRUCTION_SETS)
        if skhebb_runs_here(which)
    ]


def instruction_set():
    """Name of the instruction set in use."""
    return chosen


def use_instruction_set(str name):
    """Make all kernels use the instruction set `name`, one of `instruction_sets()`."""
    global loops32, loops64, chosen
    if name not in instruction_sets():
        raise ValueError(
            f"SKHEBB_INSTRUCTION_SET={name!r} does not run here. "
            f"Choose one of {instruction_sets()}."
        )
    for which in range(SKHEBB_N_INSTRUCTION_SETS):
        if skhebb_instruction_sets[which].name.decode() == name:
            loops32 = skhebb_instruction_sets[which].loops32
            loops64 = skhebb_instruction_sets[which].loops64
    chosen = name


def choose_instruction_set():
    """Use what SKHEBB_INSTRUCTION_SET names, else the best that runs here."""
    best = instruction_sets()[len(instruction_sets()) - 1]
    use_instruction_set(os.environ.get("SKHEBB_INSTRUCTION_SET") or best)


choose_instruction_set()


def openmp_enabled():
    """Whether this build has OpenMP."""
    return bool(SKHEBB_OPENMP)


def openmp_max_threads():
    """The number of threads that OpenMP would use now; 1 without OpenMP."""
    return omp_get_max_threads()


# Multiply-adds that are worth a thread of their own: waking one costs microseconds,
# and far more on a busy machine.
cdef Py_ssize_t grain = 1 << 18


def set_grain(Py_ssize_t work):
    """Set the multiply-adds worth a thread, at least 1; return those before."""
    global grain
    before = grain
    grain = work
    return before


cdef inline int threads_for(Py_ssize_t work, int n_threads) noexcept nogil:
    """Threads for so many multiply-adds, at most `n_threads`."""
    cdef Py_ssize_t worth = 1 + work // grain
    return n_threads if worth >= n_threads else <int>worth


cdef inline const int* first_index(const int[::1] view) noexcept nogil:
    """Pointer to the data of `view`, which may be empty."""
    return &view[0] if view.shape[0] > 0 else NULL


cdef inline floating* first(floating[::1] view) noexcept nogil:
    """Pointer to the data of `view`, which may be empty."""
    return &view[0] if view.shape[0] > 0 else NULL


cdef int check(bint sizes_match) except -1:
    """Raise unless array sizes match: a kernel must never leave its arrays."""
    if not sizes_match:
        raise ValueError("sizes of arrays do not match")
    return 0


def load_rows(
    const floating[:, ::1] X,      # IN  (n_samples, n_features)
    const Py_ssize_t[::1] samples,  # IN  (batch,)
    floating[:, ::1] out,          # OUT (n_features, stride)
    int n_threads,
):
    """Lay the chosen samples out feature-major; the padding becomes zero."""
    check(X.shape[1] == out.shape[0] and samples.shape[0] <= out.shape[1])
    cdef Py_ssize_t n_features = X.shape[1]
    cdef Py_ssize_t n_tiles = (n_features + 15) // 16
    cdef Py_ssize_t tile, feature, b
    n_threads = threads_for(n_features * samples.shape[0], n_threads)
    for tile in prange(n_tiles, nogil=True, num_threads=n_threads, schedule="static"):
        for b in range(samples.shape[0]):
            for feature in range(16 * tile, min(16 * tile + 16, n_features)):
                out[feature, b] = X[samples[b], feature]
        for feature in range(16 * tile, min(16 * tile + 16, n_features)):
            for b in range(samples.shape[0], out.shape[1]):
                out[feature, b] = 0


def forward(
    const int[::1] indptr,         # IN  (n_out + 1,) by postsynaptic neuron
    const int[::1] presynaptic,    # IN  (n_connections,)
    const int[::1] positions,      # IN  (n_connections,) of the connections in `weights`
    const floating[::1] weights,   # IN  (n_connections,) by presynaptic neuron
    const floating[::1] biases,    # IN  (n_out,)
    const floating[:, ::1] inputs,  # IN  (n_in, stride)
    floating[:, ::1] outputs,      # OUT (n_out, stride)
    int n_threads,
):
    """Pre-activations z = W^T a + b. The padding holds the bias afterwards."""
    check(indptr.shape[0] == biases.shape[0] + 1 == outputs.shape[0] + 1
          and presynaptic.shape[0] == positions.shape[0] == weights.shape[0]
          and inputs.shape[1] == outputs.shape[1])
    cdef Py_ssize_t stride = inputs.shape[1]
    cdef const int* pre = first_index(presynaptic)
    cdef const int* position = first_index(positions)
    cdef const floating* weight = &weights[0] if weights.shape[0] > 0 else NULL
    cdef Py_ssize_t j, start, n
    n_threads = threads_for(presynaptic.shape[0] * stride, n_threads)
    for j in prange(biases.shape[0], nogil=True, num_threads=n_threads,
                    schedule="dynamic", chunksize=16):
        start = indptr[j]
        n = indptr[j + 1] - start
        if floating is float:
            loops32.weighted_sum(&outputs[j, 0], &inputs[0, 0], stride, pre + start,
                                 position + start, weight, n, biases[j])
        else:
            loops64.weighted_sum(&outputs[j, 0], &inputs[0, 0], stride, pre + start,
                                 position + start, weight, n, biases[j])


def sampled_product(
    const int[::1] indptr,          # IN  (n_in + 1,)
    const int[::1] indices,         # IN  (n_connections,)
    const floating[:, ::1] inputs,  # IN  (n_in, stride) activations
    const floating[:, ::1] deltas,  # IN  (n_out, stride) dJ/dz
    floating[::1] products,         # OUT (n_connections,)
    int n_threads,
):
    """The dense product a delta^T, sampled on the connections (SDDMM)."""
    check(indptr.shape[0] == inputs.shape[0] + 1
          and indices.shape[0] == products.shape[0]
          and inputs.shape[1] == deltas.shape[1])
    cdef Py_ssize_t stride = inputs.shape[1]
    cdef const int* index = first_index(indices)
    cdef floating* product = first(products)
    cdef Py_ssize_t i, start, n
    n_threads = threads_for(indices.shape[0] * stride, n_threads)
    for i in prange(inputs.shape[0], nogil=True, num_threads=n_threads,
                    schedule="dynamic", chunksize=16):
        start = indptr[i]
        n = indptr[i + 1] - start
        if floating is float:
            loops32.products(product + start, &inputs[i, 0], &deltas[0, 0], stride,
                             index + start, n)
        else:
            loops64.products(product + start, &inputs[i, 0], &deltas[0, 0], stride,
                             index + start, n)


def backward(
    const int[::1] indptr,             # IN  (n_in + 1,)
    const int[::1] indices,            # IN  (n_connections,)
    const floating[::1] weights,       # IN  (n_connections,)
    const floating[:, ::1] inputs,     # IN  (n_in, stride) activations
    const floating[:, ::1] deltas,     # IN  (n_out, stride) dJ/dz
    floating[::1] products,            # OUT (n_connections,)
    floating[:, ::1] input_deltas,     # OUT (n_in, stride) W delta
    int n_threads,
):
    """`sampled_product` and the error of the inputs, sharing every load of `deltas`."""
    check(indptr.shape[0] == inputs.shape[0] + 1 == input_deltas.shape[0] + 1
          and indices.shape[0] == products.shape[0] == weights.shape[0]
          and inputs.shape[1] == deltas.shape[1] == input_deltas.shape[1])
    cdef Py_ssize_t stride = inputs.shape[1]
    cdef const int* index = first_index(indices)
    cdef const floating* weight = &weights[0] if weights.shape[0] > 0 else NULL
    cdef floating* product = first(products)
    cdef Py_ssize_t i, start, n
    n_threads = threads_for(indices.shape[0] * stride, n_threads)
    for i in prange(inputs.shape[0], nogil=True, num_threads=n_threads,
                    schedule="dynamic", chunksize=16):
        start = indptr[i]
        n = indptr[i + 1] - start
        if floating is float:
            loops32.products_and_sum(product + start, &input_deltas[i, 0], &inputs[i, 0],
                                     &deltas[0, 0], stride, index + start,
                                     weight + start, n)
        else:
            loops64.products_and_sum(product + start, &input_deltas[i, 0], &inputs[i, 0],
                                     &deltas[0, 0], stride, index + start,
                                     weight + start, n)


def add_covariances(
    const int[::1] indptr,           # IN     (n_in + 1,)
    const int[::1] indices,          # IN     (n_connections,)
    floating[::1] weights,           # IN/OUT (n_connections,)
    const floating[:, ::1] inputs,   # IN     (n_in, stride) activations before
    const floating[:, ::1] outputs,  # IN     (n_out, stride) activations after
    const floating[::1] input_means,    # IN  (n_in,)
    const floating[::1] input_scales,   # IN  (n_in,)
    const floating[::1] output_means,   # IN  (n_out,)
    const floating[::1] output_scales,  # IN  (n_out,)
    double factor,
    Py_ssize_t batch,                # IN     number of samples, <= stride
    floating[:, ::1] scratch,        # (n_threads, stride)
    int n_threads,
):
    """w_ij += factor * s_i s_j * sum_b (a_i - mean a_i) (a_j - mean a_j).

    One mean would do on paper; with both the rounding of a mean is of second order.
    """
    check(indptr.shape[0] == inputs.shape[0] + 1
          and indices.shape[0] == weights.shape[0]
          and inputs.shape[1] == outputs.shape[1] == scratch.shape[1]
          and input_means.shape[0] == input_scales.shape[0] == inputs.shape[0]
          and output_means.shape[0] == output_scales.shape[0] == outputs.shape[0]
          and scratch.shape[0] >= n_threads)
    cdef floating* centred
    cdef Py_ssize_t stride = inputs.shape[1]
    cdef const int* index = first_index(indices)
    cdef floating* weight = first(weights)
    cdef Py_ssize_t i, start, n
    n_threads = threads_for(indices.shape[0] * stride, n_threads)
    for i in prange(inputs.shape[0], nogil=True, num_threads=n_threads,
                    schedule="dynamic", chunksize=16):
        start = indptr[i]
        n = indptr[i + 1] - start
        if input_scales[i] == 0:
            continue
        if floating is float:
            centred = &scratch[threadid(), 0]
            loops32.centre(centred, &inputs[i, 0], input_means[i], batch, stride)
            loops32.add_covariances(weight + start, centred, &outputs[0, 0], stride,
                                    index + start, &output_means[0], &output_scales[0],
                                    <float>(factor * input_scales[i]), n)
        else:
            centred = &scratch[threadid(), 0]
            loops64.centre(centred, &inputs[i, 0], input_means[i], batch, stride)
            loops64.add_covariances(weight + start, centred, &outputs[0, 0], stride,
                                    index + start, &output_means[0], &output_scales[0],
                                    factor * input_scales[i], n)


def batch_statistics(
    const floating[:, ::1] activations,  # IN  (n_neurons, stride)
    Py_ssize_t batch,                    # IN  number of samples, <= stride
    floating[::1] means,                 # OUT (n_neurons,)
    floating[::1] scales,                # OUT (n_neurons,) 1 / range; 0 if constant
    int n_threads,
):
    """Mean and inverse range of each neuron over the batch."""
    cdef Py_ssize_t i
    n_threads = threads_for(activations.shape[0] * activations.shape[1], n_threads)
    for i in prange(activations.shape[0], nogil=True, num_threads=n_threads,
                    schedule="static"):
        if floating is float:
            loops32.statistics(&activations[i, 0], batch, &means[i], &scales[i])
        else:
            loops64.statistics(&activations[i, 0], batch, &means[i], &scales[i])


def relu(floating[:, ::1] z, int n_threads):
    """Replace z by max(z, 0)."""
    cdef Py_ssize_t i, stride = z.shape[1]
    n_threads = threads_for(z.shape[0] * stride, n_threads)
    for i in prange(z.shape[0], nogil=True, num_threads=n_threads, schedule="static"):
        if floating is float:
            loops32.relu(&z[i, 0], stride)
        else:
            loops64.relu(&z[i, 0], stride)


def relu_backward(
    floating[:, ::1] deltas, const floating[:, ::1] activations, int n_threads
):
    """Set the deltas of inactive neurons to zero."""
    cdef Py_ssize_t i, stride = deltas.shape[1]
    n_threads = threads_for(deltas.shape[0] * stride, n_threads)
    for i in prange(deltas.shape[0], nogil=True, num_threads=n_threads,
                    schedule="static"):
        if floating is float:
            loops32.relu_backward(&deltas[i, 0], &activations[i, 0], stride)
        else:
            loops64.relu_backward(&deltas[i, 0], &activations[i, 0], stride)


def sgd_step(
    floating[::1] weights,         # IN/OUT (n,)
    floating[::1] velocities,      # IN/OUT (n,), or empty without momentum
    const floating[::1] gradients,  # IN    (n,)
    double learning_rate,
    double momentum,
    bint nesterov,
    int n_threads,
):
    """One step of gradient descent, with momentum as in `MLPClassifier`."""
    check(weights.shape[0] == gradients.shape[0]
          and velocities.shape[0] == (weights.shape[0] if momentum > 0 else 0))
    cdef Py_ssize_t n = weights.shape[0]
    cdef Py_ssize_t chunk = 4096
    cdef Py_ssize_t n_chunks = (n + chunk - 1) // chunk
    cdef floating* weight = first(weights)
    cdef floating* velocity = first(velocities)
    cdef Py_ssize_t c, start, length
    cdef Py_ssize_t velocity_step = 1 if velocities.shape[0] > 0 else 0
    n_threads = threads_for(n, n_threads)
    for c in prange(n_chunks, nogil=True, num_threads=n_threads, schedule="static"):
        start = c * chunk
        length = min(chunk, n - start)
        if floating is float:
            loops32.sgd(weight + start, velocity + velocity_step * start,
                        &gradients[start], <float>learning_rate, <float>momentum,
                        nesterov, length)
        else:
            loops64.sgd(weight + start, velocity + velocity_step * start,
                        &gradients[start], learning_rate, momentum, nesterov, length)
