/* settings as a hand-written extension module: one source for every Python.
 * It calls what all of them have, and what does the same in all of them.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "settings.h"

/* The C int that `whole` is; -1 with OverflowError if it does not fit. */
static int as_int(PyObject *whole)
{
    /* TODO 1: this cuts. PyLong_AsInt would not; 3.12 has none. */
    return (int)PyLong_AsLong(whole);
}

/* Stores an index in *out; -1 with an exception that names the operation. */
static int index_of(const char *operation, PyObject *value, int *out)
{
    /* TODO 2: Python 3.9 takes a 2.9 here, 3.10 does not. Which call takes
     * integers only, on all? Its TypeError becomes "turn: index is no
     * integer"; any other exception is the object's own: let it pass. */
    *out = as_int(value);
    if (*out == -1 && PyErr_Occurred()) {
        PyErr_Format(PyExc_OverflowError, "%s: index does not fit", operation);
        return -1;
    }
    return 0;
}

/* NULL with IndexError or ValueError for a code of settings.h. */
static PyObject *refuse(const char *operation, int code, const char *about,
                        PyObject *object)
{
    PyObject *kind =
        code == SETTINGS_E_INDEX ? PyExc_IndexError : PyExc_ValueError;

    return PyErr_Format(kind, "%s: code %d for %s %R", operation, code, about,
                        object);
}

/* Fills *record with a block; -1 with an exception. */
static int load(const char *operation, PyObject *block, settings *record)
{
    Py_ssize_t size;
    int code;

    if (!PyBytes_Check(block)) {
        PyErr_Format(PyExc_TypeError, "%s: block is no bytes", operation);
        return -1;
    }
    size = PyBytes_GET_SIZE(block);
    code = settings_load(record, PyBytes_AS_STRING(block), (size_t)size);
    if (code == 0)
        return 0;
    PyErr_Format(PyExc_ValueError, "%s: code %d for block of %zd bytes",
                 operation, code, size);
    return -1;
}

/* The name of a variable for C, a new bytes; NULL with an exception. */
static PyObject *encoded(const char *operation, PyObject *variable)
{
    PyObject *data;

    if (!PyUnicode_Check(variable))
        return PyErr_Format(PyExc_TypeError, "%s: variable is no str",
                            operation);
    data = PyUnicode_EncodeFSDefault(variable);
    if (data != NULL &&
        strlen(PyBytes_AS_STRING(data)) != (size_t)PyBytes_GET_SIZE(data)) {
        Py_DECREF(data);
        return PyErr_Format(PyExc_ValueError, "%s: variable has a NUL",
                            operation);
    }
    return data;
}

/* A new reference to what one switch is: True, False or None. */
static PyObject *state_of(const settings *record, size_t at)
{
    /* TODO 3: C may do anything with a bool of 0xff. What may look? */
    return PyBool_FromLong(record->switches[at]);
}

static PyObject *py_switches(PyObject *self, PyObject *block)
{
    settings record;
    PyObject *states;

    (void)self;
    if (load("switches", block, &record) < 0)
        return NULL;
    states = PyList_New(SETTINGS_SWITCHES);
    if (states == NULL)
        return NULL;
    for (size_t at = 0; at < SETTINGS_SWITCHES; at++)
        PyList_SET_ITEM(states, (Py_ssize_t)at, state_of(&record, at));
    return states;
}

static PyObject *py_name(PyObject *self, PyObject *block)
{
    settings record;
    const char *end;
    size_t length;

    (void)self;
    if (load("name", block, &record) < 0)
        return NULL;
    if ((unsigned char)record.name[0] == SETTINGS_ERASED)
        Py_RETURN_NONE;
    end = memchr(record.name, '\0', sizeof record.name);
    length = end ? (size_t)(end - record.name) : sizeof record.name;
    return PyUnicode_DecodeASCII(record.name, (Py_ssize_t)length, NULL);
}

static PyObject *py_turn(PyObject *self, PyObject *args)
{
    PyObject *block, *index_object, *on;
    settings record;
    int index, code;

    (void)self;
    if (!PyArg_ParseTuple(args, "OOO:turn", &block, &index_object, &on) ||
        load("turn", block, &record) < 0)
        return NULL;
    if (!PyBool_Check(on))
        return PyErr_Format(PyExc_TypeError, "turn: on is no bool");
    if (index_of("turn", index_object, &index) < 0)
        return NULL;
    code = settings_set(&record, index, on == Py_True);
    if (code != 0)
        return refuse("turn", code, "index", index_object);
    return PyBytes_FromStringAndSize((const char *)&record, sizeof record);
}

static PyObject *py_export(PyObject *self, PyObject *args)
{
    PyObject *block, *variable, *data;
    settings record;
    int code;

    (void)self;
    if (!PyArg_ParseTuple(args, "OO:export", &block, &variable) ||
        load("export", block, &record) < 0)
        return NULL;
    data = encoded("export", variable);
    if (data == NULL)
        return NULL;
    code = settings_export(&record, PyBytes_AS_STRING(data));
    Py_DECREF(data);
    if (code != 0)
        return refuse("export", code, "variable", variable);
    Py_RETURN_NONE;
}

static PyObject *py_exported(PyObject *self, PyObject *variable)
{
    PyObject *data = encoded("exported", variable);
    const char *value;

    (void)self;
    if (data == NULL)
        return NULL;
    value = getenv(PyBytes_AS_STRING(data)); /* borrowed: decoded at once */
    Py_DECREF(data);
    if (value == NULL)
        Py_RETURN_NONE;
    return PyUnicode_DecodeFSDefault(value);
}

static PyMethodDef methods[] = {
    {"switches", py_switches, METH_O, "What each switch is."},
    {"name", py_name, METH_O, "The device's name, or None."},
    {"turn", py_turn, METH_VARARGS, "The block with one switch turned."},
    {"export", py_export, METH_VARARGS, "Put switches in the environment."},
    {"exported", py_exported, METH_O, "What C sees in the environment."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_8_8",
    .m_doc = "The settings of a device.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_8_8(void)
{
    return PyModuleDef_Init(&module);
}
