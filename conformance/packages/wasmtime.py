"""wasmtime: WebAssembly through ctypes: unions by pointer, host functions as callbacks."""

import wasmtime

SUMS = """
(module
  (import "host" "note" (func $note (param i32 i64 f64) (result i32)))
  (memory (export "memory") 1)
  (global (export "turns") (mut i32) (i32.const 0))
  (func (export "add") (param i32 i32) (result i32)
    local.get 0 local.get 1 i32.add)
  (func (export "ask") (param i32) (result i32)
    global.get 0 i32.const 1 i32.add global.set 0
    local.get 0 i64.const -7 f64.const 2.5 call $note)
  (func (export "fail") unreachable)
  (func (export "two") (result i64 f32) i64.const 9007199254740993 f32.const 0.5))
"""


def _instance(note):
    store = wasmtime.Store()
    module = wasmtime.Module(store.engine, SUMS)
    kinds = [wasmtime.ValType.i32(), wasmtime.ValType.i64(), wasmtime.ValType.f64()]
    host = wasmtime.Func(store, wasmtime.FuncType(kinds, [wasmtime.ValType.i32()]), note)
    instance = wasmtime.Instance(store, module, [host])
    return store, instance.exports(store)


def check_calls() -> list:
    store, exports = _instance(lambda *args: 0)
    return [exports["add"](store, 2, 40), exports["add"](store, -5, 3), exports["two"](store)]


def check_host_functions() -> list:
    heard = []

    def note(*args):
        heard.append(args)
        return args[0] * 2

    store, exports = _instance(note)
    return [
        exports["ask"](store, 21),
        exports["ask"](store, -1),
        heard,
        exports["turns"].value(store),
    ]


def check_an_exception_travels_through_c() -> str:
    def note(*args):
        raise KeyError("from the host")

    store, exports = _instance(note)
    try:
        exports["ask"](store, 1)
    except KeyError as error:
        return repr(error)
    return "nothing raised"


def check_traps() -> list:
    store, exports = _instance(lambda *args: 0)
    try:
        exports["fail"](store)
    except wasmtime.Trap as error:
        return [error.trap_code.name, len(error.frames), error.frames[0].func_index]
    return ["no trap"]


def check_memory() -> list:
    store, exports = _instance(lambda *args: 0)
    memory = exports["memory"]
    memory.write(store, b"four bridges", 100)
    return [
        bytes(memory.read(store, 98, 116)),
        memory.size(store),
        memory.data_len(store),
        memory.grow(store, 1),
        memory.data_len(store),
    ]


def check_a_module_with_errors() -> str:
    try:
        wasmtime.Module(wasmtime.Engine(), "(module (func (result i32)))")
    except wasmtime.WasmtimeError as error:
        return str(error)
    return "accepted"
