"""The HTTP doors: clinics' events in, stories out, the provider's webhooks, health."""
