/* Bridge ext in C: the compiler emits each call from the prototype in add.h. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <string.h>

#include "add.h"

static PyObject *call_add(PyObject *arguments)
{
    int a, b;

    if (!PyArg_ParseTuple(arguments, "ii", &a, &b)) {
        return NULL;
    }
    return PyLong_FromLong(add(a, b));
}

static PyObject *call_add_scaled(PyObject *arguments)
{
    int a;
    double factor;
    long long b;

    if (!PyArg_ParseTuple(arguments, "idL", &a, &factor, &b)) {
        return NULL;
    }
    return PyFloat_FromDouble(add_scaled(a, factor, b));
}

static PyObject *call_add_places(PyObject *arguments)
{
    int a, b, c, d, e, f, g, h, i, j;

    if (!PyArg_ParseTuple(arguments, "iiiiiiiiii", &a, &b, &c, &d, &e, &f, &g,
                          &h, &i, &j)) {
        return NULL;
    }
    return PyLong_FromLongLong(add_places(a, b, c, d, e, f, g, h, i, j));
}

static PyObject *call_add_caller(PyObject *arguments)
{
    if (!PyArg_ParseTuple(arguments, "")) {
        return NULL;
    }
    return PyLong_FromSize_t(add_caller());
}

/* What can be called, fixed when this file was compiled. */
static const struct {
    const char *name;
    const char *description;
    void (*address)(void);
    PyObject *(*call)(PyObject *arguments);
} functions[] = {
    {"add", "int(int, int)", (void (*)(void))add, call_add},
    {"add_scaled", "double(int, double, int64_t)", (void (*)(void))add_scaled,
     call_add_scaled},
    {"add_places", "int64_t(int, int, int, int, int, int, int, int, int, int)",
     (void (*)(void))add_places, call_add_places},
    {"add_caller", "uintptr_t(void)", (void (*)(void))add_caller,
     call_add_caller},
};

enum { FUNCTIONS = sizeof functions / sizeof *functions };

static PyObject *module_address(PyObject *self, PyObject *args)
{
    const char *name; /* Borrowed from the argument, as every `s` below. */

    (void)self;
    if (!PyArg_ParseTuple(args, "s", &name)) {
        return NULL;
    }
    for (int i = 0; i < FUNCTIONS; i++) {
        if (strcmp(functions[i].name, name) == 0) {
            return PyLong_FromSize_t((uintptr_t)functions[i].address);
        }
    }
    return PyErr_Format(PyExc_LookupError, "the library has no function %s",
                        name);
}

static int is_compiled(const char *description)
{
    for (int i = 0; i < FUNCTIONS; i++) {
        if (strcmp(functions[i].description, description) == 0) {
            return 1;
        }
    }
    return 0;
}

static PyObject *module_call(PyObject *self, PyObject *args)
{
    const char *description;
    unsigned long long pointer;
    PyObject *list, *arguments, *result;

    (void)self;
    if (!PyArg_ParseTuple(args, "sKO", &description, &pointer, &list)) {
        return NULL;
    }
    if (!is_compiled(description)) {
        return PyErr_Format(PyExc_ValueError,
                            "nothing here was compiled as '%s'", description);
    }
    for (int i = 0; i < FUNCTIONS; i++) {
        if ((uintptr_t)functions[i].address != pointer) {
            continue;
        }
        if (strcmp(functions[i].description, description) != 0) {
            return PyErr_Format(PyExc_TypeError, "%s was compiled as %s",
                                functions[i].name, functions[i].description);
        }
        arguments = PySequence_Tuple(list);
        if (arguments == NULL) {
            return NULL;
        }
        result = functions[i].call(arguments);
        Py_DECREF(arguments);
        return result;
    }
    return PyErr_Format(PyExc_LookupError, "no function begins there");
}

static PyMethodDef methods[] = {
    {"address", module_address, METH_VARARGS,
     "Where a function of the library begins."},
    {"call", module_call, METH_VARARGS,
     "Calls a function that is described as it was compiled."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_7_1",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_7_1(void)
{
    return PyModuleDef_Init(&definition);
}
