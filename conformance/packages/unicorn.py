"""unicorn: an emulated processor through ctypes, with hooks that are callbacks."""

import unicorn
from unicorn import x86_const

CODE = bytes.fromhex("31c001c84975fba30020000090")
BASE = 0x1000


def _machine() -> "unicorn.Uc":
    machine = unicorn.Uc(unicorn.UC_ARCH_X86, unicorn.UC_MODE_32)
    machine.mem_map(BASE, 0x2000)
    machine.mem_write(BASE, CODE)
    machine.reg_write(x86_const.UC_X86_REG_ECX, 5)
    return machine


def check_a_loop() -> list:
    machine = _machine()
    machine.emu_start(BASE, BASE + len(CODE))
    return [
        machine.reg_read(x86_const.UC_X86_REG_EAX),
        machine.reg_read(x86_const.UC_X86_REG_ECX),
        bytes(machine.mem_read(0x2000, 4)),
    ]


def check_hooks() -> list:
    machine = _machine()
    steps, writes = [], []
    machine.hook_add(
        unicorn.UC_HOOK_CODE, lambda uc, address, size, data: steps.append((address, size, data)), 7
    )
    machine.hook_add(
        unicorn.UC_HOOK_MEM_WRITE,
        lambda uc, access, address, size, value, data: writes.append((address, size, value)),
    )
    machine.emu_start(BASE, BASE + len(CODE))
    return [steps, writes]


def check_a_fault_is_an_error() -> list:
    machine = _machine()
    seen = []

    def unmapped(uc, access, address, size, value, data):
        seen.append((access, hex(address), size))
        return False

    machine.hook_add(unicorn.UC_HOOK_MEM_UNMAPPED, unmapped)
    try:
        machine.mem_write(BASE, bytes.fromhex("a100005000"))
        machine.emu_start(BASE, BASE + 5)
    except unicorn.UcError as error:
        return [str(error), error.errno, seen]
    return ["no error", seen]


def check_contexts_and_regions() -> list:
    machine = _machine()
    saved = machine.context_save()
    machine.emu_start(BASE, BASE + len(CODE))
    machine.context_restore(saved)
    return [
        machine.reg_read(x86_const.UC_X86_REG_ECX),
        list(machine.mem_regions()),
        machine.reg_read_batch([x86_const.UC_X86_REG_ECX, x86_const.UC_X86_REG_ESP]),
        unicorn.uc_arch_supported(unicorn.UC_ARCH_ARM64),
    ]
