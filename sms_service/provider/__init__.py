"""The one way out to the provider: calls, listings, webhook signatures and what its answers mean."""
