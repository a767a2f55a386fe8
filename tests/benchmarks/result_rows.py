"""Rows of results in files of JSON lines, and what tables show of several seeds."""

import json
import math

import numpy as np
from scipy import stats


def read_rows(path):
    """The rows of a file, none where there is no file."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [json.loads(line) for line in lines]


def add_rows(path, *rows):
    """Write rows behind those that a file has."""
    path.parent.mkdir(exist_ok=True, parents=True)
    with path.open("a") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def half_interval(values):
    """Half of the 95 % confidence interval of a mean; NaN for one value."""
    if len(values) < 2:
        return math.nan
    return stats.t.ppf(0.975, len(values) - 1) * stats.sem(values)


def in_percent(values, form=".1f"):
    """The mean of shares, and half of its confidence interval, in %."""
    half = 100 * half_interval(values)
    return f"{100 * np.mean(values):{form}} ± {half:{form.lstrip('+')}}"
