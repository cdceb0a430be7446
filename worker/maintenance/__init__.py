"""What operators do to a ledger while no worker has it: dead letters, feed states, the move to Kafka."""
