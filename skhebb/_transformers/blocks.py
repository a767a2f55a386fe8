"""Work in blocks of images, each in a thread: the same bits for any number of these."""

from sklearn.utils import gen_batches

from skhebb._utils.threads import in_threads, one_blas_thread

BLOCK_BYTES = 2**23  # of patches and maps that a thread has at a time, if it can


def blocks(n_items, bytes_of_item):
    """Return slices of items that take up to `BLOCK_BYTES`, or are one item."""
    return [*gen_batches(n_items, max(1, BLOCK_BYTES // bytes_of_item))]


def in_blocks(function, slices, n_threads):
    """Return what a function makes of slices, with one BLAS thread for each."""
    results = [None] * len(slices)

    def work(place, block):
        results[place] = function(block)

    with one_blas_thread():
        in_threads(work, enumerate(slices), n_threads)
    return results
