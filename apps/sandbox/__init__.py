"""An offline stand-in for the model provider, speaking its real wire protocol."""
