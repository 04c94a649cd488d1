/* What Rust cannot say: the C type `long double`, the places of errno, and the
   flags of dlopen. */
#define _GNU_SOURCE /* for RTLD_DEEPBIND */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

int *rust_cffi_errno(void)
{
    return &errno;
}

/* Where a thread's variable lies is looked up by a call, unless the loader
   fixes its offset: glibc does so for small ones, musl not for a library that
   is loaded late. */
#ifdef __GLIBC__
#define FIXED_OFFSET __attribute__((tls_model("initial-exec")))
#else
#define FIXED_OFFSET
#endif

/* What C left in errno, kept apart from the interpreter's own use of it. */
static FIXED_OFFSET __thread int kept_errno;

int *rust_cffi_kept_errno(void)
{
    return &kept_errno;
}

/* Those flags of dlopen() that this system has, ended by a null name. */
const struct loader_flag {
    const char *name;
    int value;
} rust_cffi_loader_flags[] = {
    {"RTLD_LAZY", RTLD_LAZY},
    {"RTLD_NOW", RTLD_NOW},
    {"RTLD_GLOBAL", RTLD_GLOBAL},
    {"RTLD_LOCAL", RTLD_LOCAL},
#ifdef RTLD_NODELETE
    {"RTLD_NODELETE", RTLD_NODELETE},
#endif
#ifdef RTLD_NOLOAD
    {"RTLD_NOLOAD", RTLD_NOLOAD},
#endif
#ifdef RTLD_DEEPBIND
    {"RTLD_DEEPBIND", RTLD_DEEPBIND},
#endif
    {NULL, 0},
};

/* The values are copied: their places in a packed struct may not be aligned. */
double rust_cffi_long_double_get(const void *at)
{
    long double value;
    memcpy(&value, at, sizeof value);
    return (double)value;
}

void rust_cffi_long_double_set(void *at, double narrow)
{
    long double value = narrow;
    memset(at, 0, sizeof value);
    memcpy(at, &value, sizeof value);
}

int rust_cffi_long_double_is_zero(const void *at)
{
    long double value;
    memcpy(&value, at, sizeof value);
    return value == 0.0L;
}

/* Writes the value in scientific notation; returns the length without NUL. */
int rust_cffi_long_double_text(const void *at, char *text, size_t room)
{
    long double value;
    memcpy(&value, at, sizeof value);
    return snprintf(text, room, "%LE", value);
}

/* Only C can return a long double; the value is -1 when Rust has set an
   exception. */
int rust_cffi_to_long_double_at(void *object, long double *place);

long double rust_cffi_to_long_double(void *object);

long double rust_cffi_to_long_double(void *object)
{
    long double value = -1;
    if (rust_cffi_to_long_double_at(object, &value) < 0) {
        return -1;
    }
    return value;
}
