"""capstone: a disassembler through ctypes: unions within structures, arrays of them, callbacks."""

import ctypes

import capstone

CODE = bytes.fromhex("554889e5488b05b8130000e8000000000f84fbffffffc3")


def check_instructions() -> list:
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    return [
        (it.address, it.size, it.mnemonic, it.op_str, bytes(it.bytes))
        for it in engine.disasm(CODE, 0x1000)
    ]


def check_details() -> list:
    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.detail = True
    results = []
    for it in engine.disasm(CODE, 0x1000):
        operands = [
            (op.type, op.size, op.access, op.reg if op.type == 1 else None) for op in it.operands
        ]
        reads, writes = it.regs_access()
        results.append((it.mnemonic, operands, list(reads), list(writes), list(it.groups)))
    return results


def check_other_processors() -> list:
    arm = capstone.Cs(capstone.CS_ARCH_ARM64, capstone.CS_MODE_ARM)
    arm.detail = True
    (it,) = arm.disasm(bytes.fromhex("20040091"), 0x40)
    return [it.mnemonic, it.op_str, [(op.type, op.imm) for op in it.operands if op.type == 2]]


def check_skipping_data_through_a_callback() -> list:
    calls = []

    def skip(code, size, offset, data):
        calls.append((size, offset))
        return 2

    engine = capstone.Cs(capstone.CS_ARCH_X86, capstone.CS_MODE_64)
    engine.skipdata = True
    engine.skipdata_setup = (".pair", skip, None)
    listed = [(it.mnemonic, it.op_str) for it in engine.disasm(b"\x06\x06\x90\x90", 0)]
    return [listed, calls]


def check_layout() -> list:
    return [
        ctypes.sizeof(capstone._cs_insn),
        ctypes.sizeof(capstone._cs_detail),
        capstone.cs_version(),
    ]
