"""What a text says: rules and lexicons, each fact with its span."""
