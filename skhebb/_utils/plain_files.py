"""Files of plain data: dicts, lists, strings, numbers, None and arrays.

A file is an .npz archive that NumPy reads without pickle. Its array `header` is JSON,
in which ``{"array": name}`` stands for the array of that name.
"""

import json
import os
from contextlib import suppress
from numbers import Integral, Real
from zipfile import is_zipfile
from zlib import crc32

import numpy as np


def write_plain(path, data):
    """Write a file, or leave the one that is there as it is.

    It is written under another name, forced to the disk and renamed, so that it is
    there as a whole or not at all, whatever happens meanwhile.

    Parameters
    ----------
    path : Path
    data : dict

    Raises
    ------
    OSError
        If it cannot be written.
    """
    arrays = {}
    header = to_json(data, arrays)
    temporary = path.with_name(f"{path.name}.tmp")
    try:
        with open(temporary, "wb") as file:
            np.savez(file, header=np.array(header), **arrays)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    sync_folder(path.parent)


def sync_folder(folder):
    """Force to the disk what files are in a folder, where a system can do that."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def read_plain(path):
    """Return what a file holds.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is damaged, or not such a file.
    """
    with open(path, "rb") as file:
        try:
            if not is_zipfile(file):  # NumPy would ask whether to trust it as a pickle
                raise ValueError("it is no whole .npz archive")
            file.seek(0)
            with np.load(file, allow_pickle=False) as archive:
                header = json.loads(str(archive["header"]))
                data = restore_arrays(header, archive)
        except Exception as error:  # there is no saying what foreign bytes lead to
            raise ValueError(f"{path} is damaged or foreign: {error}") from error
    if not isinstance(data, dict):
        raise ValueError(f"{path} is foreign")
    return data


def checksum(data):
    """Return a number that tells data from others, of the kinds that files may hold."""
    arrays = {}
    total = crc32(to_json(data, arrays).encode())
    for array in arrays.values():
        total = crc32(f"{array.dtype} {array.shape}".encode(), total)
        total = crc32(np.ascontiguousarray(array).reshape(-1).view(np.uint8), total)
    return total


def to_json(data, arrays):
    """Return data as JSON; its arrays are added to `arrays`, by name."""
    return json.dumps(without_arrays(data, arrays, ""), default=to_number)


def without_arrays(data, arrays, name):
    """Return data in which names stand for arrays, which are added to `arrays`."""
    if isinstance(data, np.ndarray):
        if data.dtype.hasobject:
            raise TypeError(f"{name} is an array of objects, which is not plain data.")
        arrays[name] = data
        return {"array": name}
    prefix = f"{name}." if name else ""
    if isinstance(data, dict):
        return {
            key: without_arrays(value, arrays, f"{prefix}{key}")
            for key, value in data.items()
        }
    if isinstance(data, list | tuple):
        return [
            without_arrays(value, arrays, f"{prefix}{n}")
            for n, value in enumerate(data)
        ]
    return data


def restore_arrays(data, arrays):
    """Return data with the arrays that names stand for."""
    if isinstance(data, list):
        return [restore_arrays(value, arrays) for value in data]
    if not isinstance(data, dict):
        return data
    if data.keys() == {"array"}:
        return arrays[data["array"]]
    return {key: restore_arrays(value, arrays) for key, value in data.items()}


def to_number(number):
    """Return a number of NumPy as one of Python, which JSON knows."""
    if isinstance(number, np.bool):
        return bool(number)
    if isinstance(number, Integral):
        return int(number)
    if isinstance(number, Real):
        return float(number)
    raise TypeError(f"{number!r:.80} is not plain data.")
