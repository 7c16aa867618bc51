"""What operators do with a deployment: run it on many processes, back it up, prove that tenants are apart."""
