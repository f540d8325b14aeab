"""Pages of the gateway: they fetch, say one verb of ``outbox`` and redirect; they decide nothing."""
