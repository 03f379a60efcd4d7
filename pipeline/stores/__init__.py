"""Object stores: gs:// and s3://, with the endpoint and credentials that Beam's options give.

The clients are those that Beam's own filesystems use, called directly: through Beam, an upload is completed when the
block that writes it raises, so that half an object appears; an empty object cannot be written to s3://; a bucket that
does not exist is listed as empty; each call makes a client and an object takes two or three requests; and a store
that is gone is waited for for ten minutes a request.
"""
