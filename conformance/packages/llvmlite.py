"""llvmlite: LLVM through ctypes; what it compiles is called through ctypes prototypes."""

import ctypes
import re

import llvmlite.binding as llvm
import llvmlite.ir as ir

llvm.initialize_native_target()
llvm.initialize_native_asmprinter()


def _engine(text: str) -> "llvm.ExecutionEngine":
    module = llvm.parse_assembly(text)
    module.verify()
    machine = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    return engine


def _sum_of_squares() -> str:
    module = ir.Module("squares")
    number = ir.IntType(64)
    function = ir.Function(module, ir.FunctionType(number, [number.as_pointer(), number]), "sum")
    entry, loop, done = (function.append_basic_block(name) for name in ("entry", "loop", "done"))
    ir.IRBuilder(entry).branch(loop)
    builder = ir.IRBuilder(loop)
    index, total = builder.phi(number), builder.phi(number)
    value = builder.load(builder.gep(function.args[0], [index]))
    more = builder.add(total, builder.mul(value, value))
    after = builder.add(index, ir.Constant(number, 1))
    for phi, later in ((index, after), (total, more)):
        phi.add_incoming(ir.Constant(number, 0), entry)
        phi.add_incoming(later, loop)
    builder.cbranch(builder.icmp_signed("<", after, function.args[1]), loop, done)
    ir.IRBuilder(done).ret(more)
    return str(module)


def check_compiled_code_over_an_array() -> list:
    engine = _engine(_sum_of_squares())
    prototype = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.POINTER(ctypes.c_int64), ctypes.c_int64)
    function = prototype(engine.get_function_address("sum"))
    values = (ctypes.c_int64 * 5)(1, 2, 3, 4, -5)
    return [function(values, length) for length in range(1, 6)]


CALLER = """
declare double @outside(i32, double)
define double @twice(double %x) {
  %a = call double @outside(i32 1, double %x)
  %b = call double @outside(i32 2, double %a)
  ret double %b
}
"""


def check_compiled_code_calls_python() -> list:
    heard = []

    @ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int32, ctypes.c_double)
    def outside(turn, value):
        heard.append((turn, value))
        return value * 2 + turn

    llvm.add_symbol("outside", ctypes.cast(outside, ctypes.c_void_p).value)
    engine = _engine(CALLER)
    twice = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_double)(engine.get_function_address("twice"))
    return [twice(1.5), twice(-1.0), heard]


def check_module_contents() -> list:
    module = llvm.parse_assembly(CALLER)
    return [
        [
            (function.name, str(function.type), function.is_declaration)
            for function in module.functions
        ],
        [
            (instruction.opcode, [str(operand) for operand in instruction.operands])
            for block in module.get_function("twice").blocks
            for instruction in block.instructions
        ],
    ]


def check_bitcode_and_assembly() -> list:
    module = llvm.parse_assembly(_sum_of_squares())
    machine = llvm.Target.from_default_triple().create_target_machine(opt=2)
    again = llvm.parse_bitcode(module.as_bitcode())
    assembly = machine.emit_assembly(again)
    return [again.name, [it.name for it in again.functions], "sum:" in assembly]


def check_a_syntax_error() -> str:
    try:
        llvm.parse_assembly("define i32 @f() { ret i64 1 }")
    except RuntimeError as error:
        return re.sub(r"\s+", " ", str(error))
    return "accepted"
