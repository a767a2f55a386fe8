"""Classifiers and regressors, and what they share."""
