"""
Text with more than a hundred thousand features
===============================================

Words and pairs of words, hashed to 2¹⁷ features. X stays sparse: a feature that no
sample of a mini-batch has costs nothing in it.

The text is what scikit-learn ships, too: paragraphs of its own documentation, to be
told which of its packages they are from.
"""

import importlib
import inspect
import time
from itertools import groupby

import numpy as np
import sklearn
from sklearn.feature_extraction.text import HashingVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupShuffleSplit

from skhebb import SETClassifier

PACKAGES = (
    "cluster",
    "datasets",
    "decomposition",
    "ensemble",
    "linear_model",
    "metrics",
    "model_selection",
    "preprocessing",
)

# %%
# Paragraphs of at least eight words of the docstrings of all public names. Those of one
# name are either all for training or all for the test.

texts, labels, names = [], [], []
for package in PACKAGES:
    module = importlib.import_module(f"sklearn.{package}")
    public = {name: obj for name, obj in vars(module).items() if name in module.__all__}
    for name, obj in public.items():
        lines = (inspect.getdoc(obj) or "").splitlines()
        for has_text, block in groupby(lines, key=lambda line: bool(line.strip())):
            paragraph = " ".join(block)
            if has_text and len(paragraph.split()) >= 8:
                texts.append(paragraph)
                labels.append(package)
                names.append(name)
labels = np.array(labels)
print(f"{len(texts)} paragraphs, scikit-learn {sklearn.__version__}")

vectorizer = HashingVectorizer(
    n_features=2**17,
    ngram_range=(1, 2),
    alternate_sign=False,
    binary=True,
    norm=None,
    dtype=np.float32,
)
X = vectorizer.transform(texts)
print(f"{X.shape[1]} features, {X.nnz / X.shape[0]:.0f} of them in a paragraph")

# %%
# A network of 100 hidden neurons beside logistic regression, which on words is hard to
# beat. The defaults are made for features that vary in every sample. Of words a neuron
# has thousands and sees a few: the default weight decay, which grows with a neuron's
# inputs, is far too strong there, and the default learning rate, which falls with them,
# too small. So both are given, and dropout is what keeps the network from learning the
# samples by heart.

splitter = GroupShuffleSplit(1, test_size=0.25, random_state=0)
train, test = next(splitter.split(X, labels, names))
classifiers = {
    "SET": SETClassifier(
        (100,),
        weight_decay=0,
        learning_rate_init=0.005,
        dropout=0.5,
        max_iter=10,
        random_state=0,
    ),
    "logistic regression": LogisticRegression(),
}
for name, clf in classifiers.items():
    start = time.perf_counter()
    clf.fit(X[train], labels[train])
    seconds = time.perf_counter() - start
    print(
        f"{name:<20} accuracy {clf.score(X[test], labels[test]):.3f}, {seconds:.1f} s"
    )

# %%
# Whoever always names the largest class is right in this share:

shares = np.unique(labels[test], return_counts=True)[1] / len(test)
print(f"{shares.max():.3f}")

network = classifiers["SET"]
print(f"{network.n_connections_} connections, density {network.density_:.3f}")
