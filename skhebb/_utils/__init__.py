"""What knows nothing of networks: arrays, threads, validation, rollback, saving."""
