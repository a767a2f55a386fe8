"""Work in blocks of images, each in a thread: the same bits for any number of these."""

from sklearn.utils import gen_even_slices

from skhebb._utils.threads import in_threads, one_blas_thread

BLOCK_BYTES = 2**23  # of patches and maps that a thread has at a time, if it can


def blocks(n_items, bytes_of_item):
    """Return slices of about one size, `BLOCK_BYTES` at most but for single items."""
    n_of_block = max(1, BLOCK_BYTES // bytes_of_item)
    return [*gen_even_slices(n_items, max(1, -(-n_items // n_of_block)))]


def in_blocks(function, slices, n_threads):
    """Return what a function makes of slices, with one BLAS thread for each."""
    results = [None] * len(slices)

    def work(place, block):
        results[place] = function(block)

    with one_blas_thread():
        in_threads(work, enumerate(slices), n_threads)
    return results
