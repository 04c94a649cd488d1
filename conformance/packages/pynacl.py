"""PyNaCl: libsodium by a module that stock cffi compiled."""

import nacl.bindings
import nacl.exceptions
import nacl.hash
import nacl.public
import nacl.pwhash
import nacl.secret
import nacl.signing

SEED = bytes(range(32))


def check_boxes() -> list:
    box = nacl.secret.SecretBox(SEED)
    secret = box.encrypt(b"four bridges", bytes(24))
    results = [secret.ciphertext.hex(), box.decrypt(secret)]
    try:
        box.decrypt(secret[:-1] + b"x")
    except nacl.exceptions.CryptoError as error:
        results.append(str(error))
    return results


def check_signatures() -> list:
    key = nacl.signing.SigningKey(SEED)
    signed = key.sign(b"four bridges")
    results = [signed.signature.hex(), key.verify_key.verify(signed)]
    try:
        key.verify_key.verify(b"five bridges", signed.signature)
    except nacl.exceptions.BadSignatureError as error:
        results.append(str(error))
    return results


def check_key_exchange() -> list:
    one, two = nacl.public.PrivateKey(SEED), nacl.public.PrivateKey(SEED[::-1])
    there = nacl.public.Box(one, two.public_key)
    back = nacl.public.Box(two, one.public_key)
    return [there.shared_key() == back.shared_key(), there.shared_key().hex()]


def check_hashes() -> list:
    state = nacl.bindings.crypto_generichash_blake2b_init(digest_size=32)
    nacl.bindings.crypto_generichash_blake2b_update(state, b"four ")
    nacl.bindings.crypto_generichash_blake2b_update(state, b"bridges")
    return [
        nacl.hash.sha256(b"four bridges"),
        nacl.hash.blake2b(b"four bridges", key=SEED),
        nacl.hash.siphash24(b"four bridges", key=SEED[:16]),
        nacl.bindings.crypto_generichash_blake2b_final(state).hex(),
        nacl.pwhash.scrypt.kdf(32, b"secret", SEED, opslimit=32768, memlimit=1 << 24).hex(),
    ]


def check_streams() -> list:
    sender = nacl.bindings.crypto_secretstream_xchacha20poly1305_state()
    header = nacl.bindings.crypto_secretstream_xchacha20poly1305_init_push(sender, SEED)
    pieces = [
        nacl.bindings.crypto_secretstream_xchacha20poly1305_push(sender, piece, b"more")
        for piece in (b"four", b"bridges")
    ]
    receiver = nacl.bindings.crypto_secretstream_xchacha20poly1305_state()
    nacl.bindings.crypto_secretstream_xchacha20poly1305_init_pull(receiver, header, SEED)
    return [
        nacl.bindings.crypto_secretstream_xchacha20poly1305_pull(receiver, piece, b"more")
        for piece in pieces
    ]


def check_wrong_types() -> list:
    results = []
    for call in (
        lambda: nacl.secret.SecretBox(b"short"),
        lambda: nacl.bindings.crypto_hash_sha256("text"),
        lambda: nacl.bindings.sodium_increment(b"x" * 4),
        lambda: nacl.bindings.sodium_memcmp("a", b"a"),
    ):
        try:
            results.append(call())
        except Exception as error:
            results.append((type(error).__name__, str(error)))
    return results
