"""The only place that joins domain, store and connectors."""
