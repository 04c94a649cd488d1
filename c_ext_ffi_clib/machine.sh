#!/bin/sh
# usage: machine.sh FILE
# Prints the machine that a program or library is built for, read from the file's header, or
# "no machine (it is not a library)". Needs nothing but od, so it works where `file` is missing.

byte() {
    od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' '
}

elf_machine() {
    # Byte 5 says in which order the two bytes of the machine number stand.
    case $(byte "$1" 5) in
        2) high=18 low=19 ;;
        *) high=19 low=18 ;;
    esac
    number=$(($(byte "$1" $high) * 256 + $(byte "$1" $low)))
    case $number in
        3) echo x86 ;;
        8) echo MIPS ;;
        21) echo PowerPC64 ;;
        22) echo s390x ;;
        40) echo ARM ;;
        62) echo x86-64 ;;
        183) echo AArch64 ;;
        243) echo RISC-V ;;
        258) echo LoongArch ;;
        *) echo "ELF machine $number" ;;
    esac
}

mach_machine() {
    case $(byte "$1" 4) in
        7) echo "macOS on x86-64" ;;
        12) echo "macOS on ARM64" ;;
        *) echo macOS ;;
    esac
}

case $(od -An -tx1 -N 4 "$1" | tr -d ' ') in
    7f454c46) elf_machine "$1" ;;
    cffaedfe) mach_machine "$1" ;;
    cafebabe) echo "macOS, universal" ;;
    4d5a*) echo Windows ;;
    *) echo "no machine (it is not a library)" ;;
esac
