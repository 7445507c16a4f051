"""The token of `asc-auth token`, by PyJWT."""

import os
import time

import jwt

now = int(time.time())
claims = {"iss": os.environ["ASC_ISSUER_ID"], "iat": now - 60, "exp": now + 900, "aud": "appstoreconnect-v1"}
headers = {"kid": os.environ["ASC_KEY_ID"]}
print(jwt.encode(claims, os.environ["ASC_PRIVATE_KEY"], algorithm="ES256", headers=headers))
