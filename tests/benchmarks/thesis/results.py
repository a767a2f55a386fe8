"""Raw results: a file of JSON lines for each experiment, one line per network."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent / "results"


class Results:
    """The file of an experiment.

    Parameters
    ----------
    name : str
    """

    def __init__(self, name):
        self.path = FOLDER / f"{name}.jsonl"

    def load(self):
        """The records by the key of their job; an unfinished last line is ignored."""
        records = {}
        if self.path.exists():
            for line in self.path.read_text().splitlines(keepends=True):
                if line.endswith("\n"):
                    each = json.loads(line)
                    records[key(each["job"])] = each["record"]
        return records

    def missing(self, jobs):
        """Those of `jobs` that there is no record of, each once."""
        known = self.load()
        return [job for each, job in by_key(jobs).items() if each not in known]

    def of(self, jobs):
        """The records of `jobs`; a KeyError where one is missing."""
        known = self.load()
        return [known[key(job)] for job in jobs]

    def add(self, job, record):
        """Write the record of a job."""
        text = self.path.read_text() if self.path.exists() else ""
        whole = text[: text.rfind("\n") + 1]  # what an interrupted write left goes
        line = json.dumps({"job": job, "record": record}, separators=(",", ":"))
        self.path.write_text(whole + line + "\n")


def by_key(jobs):
    return {key(job): job for job in jobs}


def key(job):
    """A job as text that is the same for equal jobs."""
    return json.dumps(job, sort_keys=True)
