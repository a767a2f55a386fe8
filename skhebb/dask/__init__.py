"""Training on many machines."""

from skhebb.dask._data_parallel import DataParallel

__all__ = ["DataParallel"]
