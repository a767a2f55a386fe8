"""Training: batches, losses, optimisers, schedules, epochs; no scikit-learn."""
