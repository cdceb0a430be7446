"""From a configuration to the edges that it asks for. What one configuration does not need is not loaded for it."""
