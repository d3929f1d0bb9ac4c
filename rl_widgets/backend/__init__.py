"""What makes a run happen: queue, leases, clusters, the supervisor of a run, its logs."""
