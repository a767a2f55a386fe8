"""Fuzzer of the kernels: they raise, or compute what a few lines of NumPy do.

    python tests/fuzz/kernels.py --cases 2000 --seed 0

Each case calls a kernel with random arrays, half of them with one that is spoiled. Case
number k depends on the seed and k alone; `--first k --cases 1` runs it again.
"""

import argparse

import index_cases
import kernel_cases
import numpy as np

KERNELS = [*kernel_cases.KERNELS, *index_cases.KERNELS]
REFUSALS = (
    *(ValueError, TypeError, IndexError, BufferError, AttributeError, OverflowError),
)
# Arguments that may still make sense when they are spoiled, and mean something else.
FREE = {
    *("indptr", "indices", "n_out", "neurons", "edges", "batch_size"),
    *("inputs", "samples", "ranks", "values", "activations", "rank", "bound"),
}
# Never wrong, but large ones would start threads and fill the memory.
COUNTS = {"n_threads", "n_parts", "n_rows", "longest"}

OTHER = {"f4": "f8", "f8": "f4", "i4": "i8", "i8": "i4", "u1": "i8"}
SIZES = [
    lambda array, rng: array[:-1],
    lambda array, rng: array[:0],
    lambda array, rng: np.append(array, array[:1]),
    lambda array, rng: np.repeat(array, 2, axis=0)[::2],  # not contiguous
    lambda array, rng: array[..., np.newaxis],
    lambda array, rng: array.astype(OTHER[array.dtype.str[1:]]),
    lambda array, rng: None,
]


def replace_item(array, rng):
    """The same but for one item, an integer that may lie anywhere."""
    if array.dtype.kind != "i" or not array.size:
        return array
    array = array.copy()
    extremes = [-(2**31), -1, 0, 1, array.max() + 1, 2**31 - 1]
    array.flat[rng.integers(array.size)] = rng.choice(extremes)
    return array


def spoiled(value, rng, contents):
    """`value`, an argument of a kernel, but wrong, or `None` for what it has."""
    if isinstance(value, np.ndarray):
        change = rng.choice([*SIZES, replace_item] if contents else SIZES)
        return change(value, rng)
    if isinstance(value, list | tuple) and value:
        parts, k = list(value), rng.integers(len(value))
        parts[k] = spoiled(parts[k], rng, contents)
        return type(value)(parts)
    if isinstance(value, int | np.integer) and contents:
        return int(rng.choice([-1, 0, value + 1, 2**31 - 1]))
    return value


def spoil(case, rng, trusted=False):
    """Change one argument of a case."""
    name = rng.choice(list(case.arguments))
    contents = (trusted or name not in case.trusted) and name not in COUNTS
    case.arguments[name] = spoiled(case.arguments[name], rng, contents)
    return name


def run(cases, seed=0, first=0, trusted=False):
    """Run cases number first, first + 1, ...; return how many kernels refused."""
    n_refused = 0
    for number in range(first, first + cases):
        rng = np.random.default_rng([seed, number])
        make = KERNELS[rng.integers(len(KERNELS))]
        case = make(rng)
        name = spoil(case, rng, trusted) if rng.integers(2) else None
        try:
            case.run(compare=name not in FREE)
        except REFUSALS as error:
            n_refused += 1
            if name is None:
                raise AssertionError(f"case {number}: {make.__name__}") from error
        except AssertionError as error:
            about = f"case {number}: {make.__name__}, spoiled: {name}"
            raise AssertionError(about) from error
    return n_refused


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument(
        "--trusted", action="store_true", help="spoil what kernels trust, too"
    )
    options = vars(parser.parse_args())
    print(f"{run(**options)} of {options['cases']} calls were refused")
