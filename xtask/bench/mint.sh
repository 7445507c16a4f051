#!/bin/sh
# The token of `asc-auth token`, by openssl and what every system has. $1 is the key's file.
set -eu

base64url() {
  openssl base64 -A | tr '+/' '-_' | tr -d '='
}

# openssl signs with two DER integers; a token has them as 32 bytes each.
raw() {
  openssl asn1parse -inform DER | sed -n 's/.*INTEGER *://p' | awk '
    {
      number = sprintf("%64s", $0)
      gsub(" ", "0", number)
      for (at = 1; at < 64; at += 2) {
        high = index("123456789ABCDEF", substr(number, at, 1))
        low = index("123456789ABCDEF", substr(number, at + 1, 1))
        printf "\\%03o", high * 16 + low
      }
    }'
}

now=$(date +%s)
header=$(printf '{"alg":"ES256","kid":"%s","typ":"JWT"}' "$ASC_KEY_ID" | base64url)
claims=$(printf '{"iss":"%s","iat":%d,"exp":%d,"aud":"appstoreconnect-v1"}' \
  "$ASC_ISSUER_ID" "$((now - 60))" "$((now + 900))" | base64url)
octal=$(printf '%s.%s' "$header" "$claims" | openssl dgst -sha256 -sign "$1" -binary | raw)
# shellcheck disable=SC2059 # The escapes are the format.
printf '%s.%s.%s\n' "$header" "$claims" "$(printf "$octal" | base64url)"
