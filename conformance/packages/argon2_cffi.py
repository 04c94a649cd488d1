"""argon2-cffi: password hashes by a module that stock cffi compiled."""

import argon2
from argon2.low_level import Type, core, ffi, hash_secret, hash_secret_raw, lib, verify_secret

SALT = b"four bridges!"
COST = {"time_cost": 2, "memory_cost": 64, "parallelism": 1, "hash_len": 24}


def check_hashes() -> list:
    return [hash_secret(b"secret", SALT, type=kind, **COST) for kind in Type]


def check_raw_hashes() -> list:
    return [hash_secret_raw(b"secret", SALT, type=kind, **COST).hex() for kind in Type]


def check_verification() -> list:
    known = hash_secret(b"secret", SALT, type=Type.ID, **COST)
    results = [verify_secret(known, b"secret", Type.ID)]
    for wrong in (b"other", b""):
        try:
            verify_secret(known, wrong, Type.ID)
        except argon2.exceptions.VerifyMismatchError as error:
            results.append(str(error))
    return results


def check_errors() -> list:
    results = []
    for cost in ({**COST, "memory_cost": 1}, {**COST, "hash_len": 1}):
        try:
            hash_secret(b"secret", SALT, type=Type.I, **cost)
        except argon2.exceptions.HashingError as error:
            results.append(str(error))
    return results


def check_a_context_filled_by_hand() -> list:
    out = ffi.new("uint8_t[]", 24)
    secret = ffi.new("uint8_t[]", b"secret")
    salt = ffi.new("uint8_t[]", SALT)
    context = ffi.new(
        "argon2_context *",
        {
            "version": 0x13,
            "out": out,
            "outlen": 24,
            "pwd": secret,
            "pwdlen": 6,
            "salt": salt,
            "saltlen": len(SALT),
            "secret": ffi.NULL,
            "secretlen": 0,
            "ad": ffi.NULL,
            "adlen": 0,
            "t_cost": 2,
            "m_cost": 64,
            "lanes": 1,
            "threads": 1,
            "allocate_cbk": ffi.NULL,
            "free_cbk": ffi.NULL,
            "flags": lib.ARGON2_DEFAULT_FLAGS,
        },
    )
    code = core(context, Type.D.value)
    return [code, bytes(ffi.buffer(out, 24)).hex(), ffi.sizeof("argon2_context")]
