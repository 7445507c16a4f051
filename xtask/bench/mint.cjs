// The token of `asc-auth token`, by npm's jsonwebtoken.
const jwt = require("jsonwebtoken");

const { ASC_ISSUER_ID: issuer, ASC_KEY_ID: keyid, ASC_PRIVATE_KEY: key } = process.env;
const iat = Math.floor(Date.now() / 1000) - 60;
console.log(jwt.sign({ iat, exp: iat + 960, aud: "appstoreconnect-v1" }, key, { algorithm: "ES256", keyid, issuer }));
