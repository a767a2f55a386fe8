"""
Watch the topology
==================

`TopologyMonitor` remembers which connections a network has while it is fitted, and
`TopologyAnimation` shows them as a film.

In the first layer, where inputs are the pixels of an image, connections leave the
border. In the others columns and rows appear: neurons of many connections, beside some
that have none.
"""

# sphinx_gallery_thumbnail_number = 2

import matplotlib.pyplot as plt
from sklearn.datasets import load_digits

from skhebb import HebbSETClassifier
from skhebb.inspection import TopologyAnimation, TopologyMonitor

X, y = load_digits(return_X_y=True)
monitor = TopologyMonitor(every=3)
clf = HebbSETClassifier(
    (100, 100),
    density=0.1,
    lambda0=0.1,
    initial_graph="erdos_renyi",  # knows nothing of the data
    zeta_schedule="constant",
    evolution_end=1,
    evolution_interval="epoch",
    max_iter=60,
    random_state=0,
)
clf = clf.set_callbacks(monitor).fit(X / 16, y)

# %%
# One record every three epochs.

(history,) = monitor.histories
display = TopologyAnimation.from_history(history, image_shape=(8, 8))
animation = display.animate()
plt.show()

# %%
# The last record. ``animation.save("topology.gif")`` writes the film to a file.

display = TopologyAnimation.from_history(history, image_shape=(8, 8)).show(-1)
plt.show()
stayed = history.share_in_final()[0].round(2)
print(f"Shares of the first connections that are there still: {stayed}")
