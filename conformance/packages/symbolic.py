"""symbolic: a Rust library through out-of-line ABI mode of cffi, with structures by value."""

import os
import tempfile

from symbolic import ProguardMapper, SourceMapView, SourceView, SymbolicError
from symbolic.common import arch_get_ip_reg_name, arch_is_known, normalize_arch, parse_addr
from symbolic.debuginfo import id_from_breakpad, normalize_code_id, normalize_debug_id

MAP = b"""{"version":3,"file":"a.js","sources":["one.js","two.js"],"sourcesContent":["var a;",null],
"names":["first"],"mappings":"AAAA,SAASA;ACAT,KAAK"}"""

RENAMED = """four.Bridges -> a.b:
    1:5:void cross(int) -> c
    7:9:void four.Other.helper():20:22 -> d
    7:9:void back():12 -> d
"""


def check_names() -> list:
    return [
        normalize_arch("x86_64"),
        arch_is_known("z80"),
        arch_get_ip_reg_name("arm64"),
        parse_addr("0x10ff"),
    ]


def check_identifiers() -> list:
    results = [
        id_from_breakpad("DFB8E43AF2423D73A453AEB6A777EF75a"),
        normalize_debug_id("DFB8E43AF2423D73A453AEB6A777EF75a"),
        normalize_code_id("ABCDEF0123"),
    ]
    try:
        normalize_debug_id("no id")
    except SymbolicError as error:
        results.append((type(error).__name__, str(error)))
    return results


def check_source_maps() -> list:
    view = SourceMapView.from_json_bytes(MAP)
    token = view.lookup(0, 9)
    return [
        len(view),
        view.source_count,
        [(it.src_line, it.src_col, it.src, it.name) for it in view],
        (token.dst_line, token.dst_col, token.src),
        list(view.iter_sources()),
        view.get_source_contents(0),
    ]


def check_a_broken_source_map() -> list:
    try:
        SourceMapView.from_json_bytes(b"{")
    except SymbolicError as error:
        return [type(error).__name__, str(error)]
    return ["accepted"]


def check_sources() -> list:
    source = SourceView.from_bytes("one\ntwo æ\nthree".encode())
    return [len(source), source[1], list(source[0:2]), source.get_source()]


def check_frames_back_to_their_names() -> list:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "mapping.txt")
        with open(path, "w") as file:
            file.write(RENAMED)
        mapper = ProguardMapper.open(path)
        frames = mapper.remap_frame("a.b", "d", 8)
        return [
            str(mapper.uuid),
            mapper.has_line_info,
            mapper.remap_class("a.b"),
            mapper.remap_method("a.b", "c"),
            [(it.class_name, it.method, it.line) for it in frames],
        ]
