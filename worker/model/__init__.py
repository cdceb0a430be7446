"""The types that travel between steps: frozen, slotted, standard library only."""
