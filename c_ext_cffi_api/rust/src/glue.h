/* What a generated module and rust_cffi tell each other. Both sides read this
   layout: a change here raises RC_VERSION. */
#if PY_VERSION_HEX < 0x030B0000
#include <longintrepr.h>
#endif
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define RC_VERSION 4

/* Code given to set_source() may ask whether it is compiled for cffi. */
#define _CFFI_
/* How a cdef's types spell a length that only the compiler knows. */
#define _cffi_array_len(array) (sizeof(array) / sizeof((array)[0]))

#ifdef __cplusplus
typedef bool _Bool;
#else
typedef float _Complex _cffi_float_complex_t;
typedef double _Complex _cffi_double_complex_t;
#endif

#ifdef __GNUC__
#define RC_EXPORTED __attribute__((visibility("default")))
#else
#define RC_EXPORTED
#endif

struct rc_typedef {
    const char *name;
    const char *type; /* NULL: a number described by the next two */
    int size;
    int kind; /* 0 signed, 1 unsigned, 2 floating point */
};

struct rc_field {
    const char *name;
    const char *type;
    size_t offset; /* both unset, (size_t)-1, where C was not asked */
    size_t size;
    int bits; /* -1: no bit-field */
};

struct rc_record {
    const char *name;
    const struct rc_field *fields; /* NULL: opaque */
    size_t count;
    size_t size;
    size_t align;
    int is_union;
    int complete;
    int pack;
    int external; /* an included module has it; with fields, if complete */
};

struct rc_enumerator {
    const char *name;
    int (*read)(unsigned long long *);
};

struct rc_enum {
    const char *name;
    const struct rc_enumerator *names;
    size_t count;
    int size;
    int is_signed;
    int external; /* as above */
};

struct rc_constant {
    const char *name;
    const char *type;                  /* NULL: an integer */
    int (*read)(unsigned long long *); /* 1: not above zero */
    void (*copy)(void *);
    const char *claimed; /* NULL, or the value that the cdef claims */
};

struct rc_variable {
    const char *name;
    const char *type;
    void *(*address)(void);
};

struct rc_function {
    const char *type; /* of a pointer to it */
    void *address;
    PyMethodDef method; /* ml_meth is NULL for a variadic function */
};

/* What `extern "Python"` calls. The body of the C function stores argument i at
   entries + 8 * i, a struct, a union or a long double as its address there, and
   finds the result at the beginning. The entries are as large as the result,
   and at least 8 bytes. */
struct rc_extern_slot {
    const char *name; /* module.function, for messages */
    size_t result_size;
    void *attached[2]; /* null; the engine's own */
};

struct rc_extern {
    struct rc_extern_slot slot;
    const char *type; /* of a pointer to it */
    void *address;
};

struct rc_module {
    const char *name;
    const struct rc_typedef *typedefs;
    size_t typedef_count;
    const struct rc_record *records;
    size_t record_count;
    const struct rc_enum *enums;
    size_t enum_count;
    const struct rc_constant *constants;
    size_t constant_count;
    const struct rc_variable *variables;
    size_t variable_count;
    struct rc_function *functions;
    size_t function_count;
    struct rc_extern *externs;
    size_t extern_count;
    const char *const *includes; /* names of modules, ended by NULL; or NULL */
    /* Types are spelled as in C, but `[#n]` is an array of lengths[n] items: a
       number that only the compiler knows. */
    const size_t *lengths;
    size_t length_count;
};

/* The functions that rust_cffi gives out. Those that return int return -1 with
   an exception set when they fail. */
struct rc_table {
    int version;
    PyObject *(*start)(PyObject *module, const struct rc_module *description);
    PyObject *(*find_type)(PyObject *started, const char *name);
    int (*to_signed)(PyObject *value, long long *place);
    int (*to_unsigned)(PyObject *value, unsigned long long *place);
    int (*overflow)(PyObject *value, int bits, int is_signed);
    int (*to_char)(PyObject *value, char *place);
    int (*to_c)(PyObject *value, PyObject *type, void *place);
    int (*to_pointer)(PyObject *value, PyObject *type, void *place,
                      void **temporaries);
    void (*free_temporaries)(void *temporaries);
    PyObject *(*from_c)(void *place, PyObject *type);
    PyObject *(*from_record)(void *place, PyObject *type);
    /* Where the calling thread keeps errno while Python runs. */
    int *(*kept_errno)(void);
    void (*call_python)(struct rc_extern_slot *slot, char *entries);
};
