/* Bridge ext in C: each call is compiled against add.h; conversion is ours. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "add.h"

static PyObject *module_add(PyObject *self, PyObject *args)
{
    int a, b;

    (void)self;
    if (!PyArg_ParseTuple(args, "ii", &a, &b)) {
        return NULL;
    }
    return PyLong_FromLong(add(a, b));
}

static PyObject *module_add_scaled(PyObject *self, PyObject *args)
{
    int a;
    double factor;
    long long b;

    (void)self;
    if (!PyArg_ParseTuple(args, "idL", &a, &factor, &b)) {
        return NULL;
    }
    return PyFloat_FromDouble(add_scaled(a, factor, b));
}

static PyObject *module_add_text(PyObject *self, PyObject *args)
{
    const char *text; /* Borrowed from the argument, which the caller holds. */
    int64_t sum;
    int status;

    (void)self;
    if (!PyArg_ParseTuple(args, "y", &text)) {
        return NULL;
    }
    status = add_text(text, &sum);
    if (status != ADD_OK) {
        PyErr_SetString(PyExc_ValueError, add_message(status));
        return NULL;
    }
    return PyLong_FromLongLong(sum);
}

static PyObject *module_message(PyObject *self, PyObject *args)
{
    int status;
    const char *text; /* Owned by the library. */

    (void)self;
    if (!PyArg_ParseTuple(args, "i", &status)) {
        return NULL;
    }
    text = add_message(status);
    if (text == NULL) {
        return PyErr_Format(PyExc_LookupError, "%d", status);
    }
    return PyUnicode_FromString(text);
}

static PyMethodDef methods[] = {
    {"add", module_add, METH_VARARGS, "The sum of two C ints."},
    {"add_scaled", module_add_scaled, METH_VARARGS,
     "a * factor + b, computed in C."},
    {"add_text", module_add_text, METH_VARARGS,
     "The sum of the whole numbers in a text."},
    {"message", module_message, METH_VARARGS, "What a status means."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_7_2",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_7_2(void)
{
    return PyModuleDef_Init(&definition);
}
