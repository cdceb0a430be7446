"""Actions: the only modules that touch sockets, clocks, files, Kafka, metrics and logs."""
