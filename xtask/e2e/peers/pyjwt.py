"""Verifies every token of a batch with PyJWT, which has its cryptography from OpenSSL: pyjwt.py BATCH."""

import base64
import json
import sys

import jwt
from cryptography.hazmat.primitives.serialization import load_der_public_key

AUDIENCES = ["appstoreconnect-v1", "apple-developer-enterprise-v1"]

with open(sys.argv[1], encoding="utf-8") as file:
    batch = json.load(file)
keys = [load_der_public_key(base64.b64decode(key)) for key in batch["public_keys"]]


def is_good(signer, token):
    try:
        jwt.decode(token, keys[signer], algorithms=["ES256"], audience=AUDIENCES)
    except jwt.InvalidTokenError:
        return False
    return True


refused = [token for signer, token in batch["tokens"] if not is_good(signer, token)]
accepted = [token for signer, token in batch["spoilt"] if is_good(signer, token)]
if refused or accepted:
    sys.exit(f"{len(refused)} refused, {len(accepted)} spoilt ones accepted: {(refused + accepted)[0]}")
print(f"PyJWT {jwt.__version__}: {len(batch['tokens'])} accepted, {len(batch['spoilt'])} refused")
