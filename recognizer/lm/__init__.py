"""Character n-gram language models: estimated from text, exchanged as ARPA, looked up while decoding."""
