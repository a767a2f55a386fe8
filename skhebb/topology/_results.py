"""What rules that users may write have given, checked."""

import numpy as np


def array_of(result, kinds, n, wanted):
    """Return what a rule gave as an array.

    Parameters
    ----------
    result : object
    kinds : str
        Allowed kinds of dtype, such as "iu" for integers.
    n : int
        How many elements there must be, in one dimension.
    wanted : str
        Says what the rule must give.

    Returns
    -------
    array : ndarray of shape (n,)

    Raises
    ------
    ValueError
        If it is no such array.
    """
    try:
        array = np.asarray(result)
        is_sound = array.shape == (n,) and array.dtype.kind in kinds
    except ValueError:  # lists of different lengths
        is_sound = False
    if not is_sound:
        raise ValueError(f"{wanted} Got {result!s:.200}.")
    return array
