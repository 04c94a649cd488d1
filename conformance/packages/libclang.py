"""libclang: Clang through ctypes: structures by value, and visitors that are callbacks."""

from clang import cindex

SOURCE = """
struct point { int x; double y; char name[16]; };
enum colour { RED = 2, GREEN, BLUE = 10 };
typedef int (*compare)(const void *, const void *);
/** Adds two numbers. */
static int add(int a, int b) { return a + b; }
int main(void) { struct point p = { 1, 2.0, "" }; return add(p.x, BLUE); }
int broken( { }
"""


def _unit() -> "cindex.TranslationUnit":
    return cindex.Index.create().parse("it.c", args=["-std=c99"], unsaved_files=[("it.c", SOURCE)])


def check_declarations() -> list:
    return [
        (it.kind.name, it.spelling, it.location.line, it.location.column)
        for it in _unit().cursor.get_children()
    ]


def check_every_node() -> list:
    return [(it.kind.name, it.spelling, it.type.spelling) for it in _unit().cursor.walk_preorder()]


def check_types() -> list:
    fields = []
    for it in _unit().cursor.walk_preorder():
        if it.kind == cindex.CursorKind.FIELD_DECL:
            parent = it.semantic_parent.type
            fields.append((it.spelling, it.type.get_size(), parent.get_offset(it.spelling)))
        if it.kind == cindex.CursorKind.ENUM_CONSTANT_DECL:
            fields.append((it.spelling, it.enum_value))
        if it.kind == cindex.CursorKind.FUNCTION_DECL:
            fields.append((it.spelling, it.raw_comment, it.mangled_name, it.result_type.spelling))
    return fields


def check_diagnostics() -> list:
    return [
        (it.severity, it.spelling, it.location.line, it.location.column)
        for it in _unit().diagnostics
    ]


def check_tokens() -> list:
    unit = _unit()
    return [
        (token.kind.name, token.spelling) for token in unit.get_tokens(extent=unit.cursor.extent)
    ]
