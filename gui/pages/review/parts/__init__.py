"""Which parts are reviewed: filters, list, order."""
