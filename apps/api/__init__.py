"""The developers' API: REST resources, OpenAPI, outgoing webhooks."""
