"""Opens and makes messages by jwcrypto or joserfc. Reads one JSON object on standard input, writes one on standard output.

{"tool": "jwcrypto"|"joserfc", "do": "open", "jwe": …, "seal": private JWK, "sign": public JWK of the sender}  -> {"claims": …}
{"tool": …, "do": "make", "claims": …, "sign": private JWK, "kid": …, "recipients": [{"jwk": …, "kid": …}]}    -> {"jwe": …}
"""
import json
import sys

asked = json.load(sys.stdin)
ALG, ENC = "ECDH-ES+A256KW", "A256GCM"
OUTER = {"enc": ENC, "jti": None, "typ": "sello-message+jwe"}
INNER = {"alg": "ES256", "kid": None, "typ": "sello-message+jws"}


def jwcrypto_open():
    from jwcrypto import jwe, jwk, jws

    sealed = jwe.JWE(algs=[ALG, ENC])
    sealed.deserialize(json.dumps(asked["jwe"]))
    sealed.decrypt(jwk.JWK(**asked["seal"]))
    signed = jws.JWS()
    signed.allowed_algs = ["ES256"]
    signed.deserialize(sealed.payload.decode())
    signed.verify(jwk.JWK(**asked["sign"]))
    return {"claims": json.loads(signed.payload)}


def jwcrypto_make():
    from jwcrypto import jwe, jwk, jws

    signed = jws.JWS(json.dumps(asked["claims"]))
    signed.add_signature(jwk.JWK(**asked["sign"]), None, json.dumps({**INNER, "kid": asked["kid"]}))
    outer = {**OUTER, "jti": asked["claims"]["jti"]}
    sealed = jwe.JWE(signed.serialize(compact=True).encode(), json.dumps(outer), algs=[ALG, ENC])
    for recipient in asked["recipients"]:
        sealed.add_recipient(jwk.JWK(**recipient["jwk"]), json.dumps({"alg": ALG, "kid": recipient["kid"]}))
    made = json.loads(sealed.serialize())
    # With one recipient this library flattens (RFC 7516 section 7.2.2).
    if "recipients" not in made:
        made["recipients"] = [{"header": made.pop("header"), "encrypted_key": made.pop("encrypted_key")}]
    return {"jwe": made}


def joserfc_open():
    from joserfc import jwe, jws
    from joserfc.jwk import ECKey

    # It tries the key at each recipient, and raises at the first that is another's.
    own = [each for each in asked["jwe"]["recipients"] if each["header"]["kid"] == asked["kid"]]
    mine = {**asked["jwe"], "recipients": own}
    registry = jwe.JWERegistry(algorithms=[ALG, ENC], strict_check_header=False)
    sealed = jwe.decrypt_json(mine, ECKey.import_key({**asked["seal"], "kid": asked["kid"]}), registry=registry)
    signed = jws.deserialize_compact(
        sealed.plaintext.decode(),
        ECKey.import_key(asked["sign"]),
        registry=jws.JWSRegistry(algorithms=["ES256"]),
    )
    return {"claims": json.loads(signed.payload)}


print(json.dumps(globals()[f"{asked['tool']}_{asked['do']}"]()))
