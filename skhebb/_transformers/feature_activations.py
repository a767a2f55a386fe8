"""What units make of their products with samples."""

import numpy as np

from skhebb._plasticity import UNIT_ACTIVATIONS

FEATURE_ACTIVATIONS = {*UNIT_ACTIVATIONS, "triangle"}


def activate(products, activation, power=1):
    """Replace products of samples with units by the activations of the units.

    Parameters
    ----------
    products : ndarray of shape (n_samples, n_units)
        Changed in place.
    activation : {"identity", "relu", "triangle"}
        The latter is max(0, u - mean of u over the units)^power (Coates et al. 2011).
    power : float, default=1
        Of "triangle".

    Returns
    -------
    features : ndarray of shape (n_samples, n_units)
        `products`.
    """
    if activation != "triangle":
        return UNIT_ACTIVATIONS[activation](products)
    products -= products.mean(axis=-1, keepdims=True)
    return rectify(products, power)


def rectify(products, power):
    """Replace numbers by a power of their positive parts."""
    np.maximum(products, 0, out=products)
    if power != 1:
        np.power(products, products.dtype.type(power), out=products)
    return products


def slopes(products, activation, power=1):
    """Return the derivatives of an activation, None where they are 1.

    Parameters
    ----------
    products : ndarray
        Of "triangle" less their means over the units.
    activation, power
        As of `activate`.
    """
    if activation == "identity":
        return None
    if power == 1 or activation == "relu":
        return products > 0
    positive = np.maximum(products, np.finfo(products.dtype).tiny)
    powers = np.power(positive, products.dtype.type(power - 1))
    powers *= products.dtype.type(power)
    powers *= products > 0
    return powers
