"""The one Jinja environment, for messages and for pages. Templates hold words; what is computed arrives ready."""
