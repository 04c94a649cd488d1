"""pycryptodome: ciphers, hashes and elliptic curves in C, called through in-line cffi."""

from Crypto.Cipher import AES, ChaCha20_Poly1305
from Crypto.Hash import SHA3_256, SHA256, BLAKE2b
from Crypto.Protocol.KDF import scrypt
from Crypto.PublicKey import ECC, RSA
from Crypto.Signature import eddsa
from Crypto.Util import _raw_api

KEY = bytes(range(32))
TEXT = b"four bridges " * 100


def check_backend() -> str:
    return _raw_api.backend


def check_ciphers() -> list:
    results = []
    for mode, options in [(AES.MODE_CBC, {"iv": KEY[:16]}), (AES.MODE_GCM, {"nonce": KEY[:12]})]:
        cipher = AES.new(KEY, mode, **options)
        if mode == AES.MODE_GCM:
            results.append(cipher.encrypt_and_digest(TEXT))
        else:
            secret = cipher.encrypt(TEXT[:1296])
            results.append(secret)
            results.append(AES.new(KEY, mode, **options).decrypt(secret) == TEXT[:1296])
    stream = ChaCha20_Poly1305.new(key=KEY, nonce=KEY[:12])
    results.append(stream.encrypt_and_digest(TEXT))
    return results


def check_forged_text_is_refused() -> str:
    cipher = AES.new(KEY, AES.MODE_GCM, nonce=KEY[:12])
    secret, tag = cipher.encrypt_and_digest(TEXT)
    other = AES.new(KEY, AES.MODE_GCM, nonce=KEY[:12])
    try:
        other.decrypt_and_verify(secret[:-1] + b"x", tag)
    except ValueError as error:
        return str(error)
    return "accepted"


def check_hashes() -> list:
    return [
        SHA256.new(TEXT).hexdigest(),
        SHA3_256.new(TEXT).hexdigest(),
        BLAKE2b.new(digest_bits=256, key=KEY, data=TEXT).hexdigest(),
        scrypt("password", "salt", 32, N=1024, r=8, p=1),
    ]


def check_writable_buffers() -> bytes:
    out = bytearray(64)
    AES.new(KEY, AES.MODE_ECB).encrypt(memoryview(bytearray(64)), output=out)
    return bytes(out)


def check_curves() -> list:
    key = ECC.construct(curve="Ed25519", seed=KEY)
    signature = eddsa.new(key, "rfc8032").sign(TEXT)
    eddsa.new(key.public_key(), "rfc8032").verify(TEXT, signature)
    point = ECC.construct(curve="P-256", d=12345).pointQ * 678
    return [signature, int(point.x), int(point.y)]


def check_big_numbers() -> int:
    key = RSA.construct((3233 * 3233, 17), consistency_check=False)
    return pow(key.n, 3)
