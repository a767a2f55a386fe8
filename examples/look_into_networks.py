"""Look into SET and HebbSET while and after they learn digits.

Fits each five times with a monitor set on it, and draws into one file how many
connections each pixel has, how long connections live and how weights are distributed.

    pip install "skhebb[plot]"
    python examples/look_into_networks.py --file networks.png
"""

import argparse

import matplotlib.pyplot as plt
from sklearn.base import clone

from skhebb import HebbSETClassifier, SETClassifier
from skhebb.datasets import fetch_dataset
from skhebb.inspection import (
    InputConnectivityDisplay,
    TopologyMonitor,
    TopologyPersistenceDisplay,
    WeightDistributionDisplay,
)

CLASSIFIERS = {"SET": SETClassifier(), "HebbSET": HebbSETClassifier(lambda0=0.1)}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--file", default="networks.png")
    args = parser.parse_args()
    X, y = fetch_dataset("digits")

    figure, axes = plt.subplots(3, 2, figsize=(8, 9), layout="constrained")
    histories = {}
    for name, ax in zip(CLASSIFIERS, axes[0], strict=True):
        monitor = TopologyMonitor(every=5)
        for seed in range(5):
            clf = clone(CLASSIFIERS[name]).set_params(random_state=seed)
            clf.set_callbacks(monitor).fit(X / 16, y)
        histories[name] = monitor.histories
        InputConnectivityDisplay.from_estimator(clf, image_shape=(8, 8), ax=ax)
        ax.set_title(name)
        WeightDistributionDisplay.from_estimator(clf, axes=axes[2], label=name)
    TopologyPersistenceDisplay.from_histories(histories, axes=axes[1])
    figure.savefig(args.file)
    print(f"{args.file} is written.")


if __name__ == "__main__":
    main()
