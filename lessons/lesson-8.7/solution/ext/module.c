/* journal as a hand-written extension module: the compiler promotes, expands
 * the macro and compares formats with arguments. The module is the shim.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <limits.h>
#include <string.h>

#include "journal.h"

static int refuse(const char *operation, const char *name, PyObject *kind,
                  const char *why)
{
    PyErr_Format(kind, "%s: %s %s", operation, name, why);
    return -1;
}

/* Stores an integer from `low` to `high` in *out; -1 with an exception. */
static int integer(const char *operation, const char *name, PyObject *value,
                   long long low, long long high, long long *out)
{
    PyObject *whole = PyNumber_Index(value);
    int overflow;

    if (whole == NULL && PyErr_ExceptionMatches(PyExc_TypeError))
        return refuse(operation, name, PyExc_TypeError, "is no integer");
    if (whole == NULL)
        return -1;
    *out = PyLong_AsLongLongAndOverflow(whole, &overflow);
    Py_DECREF(whole);
    if (overflow != 0 || *out < low || *out > high)
        return refuse(operation, name, PyExc_OverflowError, "does not fit");
    return 0;
}

static int level_of(const char *operation, PyObject *value, int *out)
{
    long long level;

    if (integer(operation, "level", value, INT_MIN, INT_MAX, &level) < 0)
        return -1;
    *out = (int)level;
    return 0;
}

/* Stores a double in *out; -1 with an exception. */
static int number_of(PyObject *value, double *out)
{
    if (!PyFloat_Check(value) && !PyLong_Check(value))
        return refuse("real", "value", PyExc_TypeError, "is no number");
    *out = PyFloat_AsDouble(value);
    if (*out == -1.0 && PyErr_Occurred())
        return refuse("real", "value", PyExc_OverflowError, "does not fit");
    return 0;
}

/* The text for C, borrowed from `text`; NULL with an exception. */
static const char *encoded(const char *operation, const char *name,
                           PyObject *text)
{
    const char *data;
    Py_ssize_t size;

    if (!PyUnicode_Check(text)) {
        refuse(operation, name, PyExc_TypeError, "is no str");
        return NULL;
    }
    data = PyUnicode_AsUTF8AndSize(text, &size);
    if (data != NULL && strlen(data) != (size_t)size) {
        refuse(operation, name, PyExc_ValueError, "has a NUL");
        return NULL;
    }
    return data;
}

/* The line that was written, or None; NULL with ValueError for a code. */
static PyObject *line(const char *operation, int code, PyObject *about)
{
    if (code < 0)
        return PyErr_Format(PyExc_ValueError, "%s: code %d for %R", operation,
                            code, about);
    if (code == JOURNAL_OFF)
        Py_RETURN_NONE;
    return PyUnicode_FromString(journal_last());
}

static PyObject *py_text(PyObject *self, PyObject *args)
{
    PyObject *level_object, *message;
    const char *data;
    int level;

    (void)self;
    if (!PyArg_ParseTuple(args, "OO:text", &level_object, &message) ||
        level_of("text", level_object, &level) < 0)
        return NULL;
    data = encoded("text", "message", message);
    if (data == NULL)
        return NULL;
    return line("text", journal_write(level, "%s", data), message);
}

static PyObject *py_number(PyObject *self, PyObject *args)
{
    PyObject *level_object, *name, *value_object;
    const char *data;
    long long value;
    int level;

    (void)self;
    if (!PyArg_ParseTuple(args, "OOO:number", &level_object, &name,
                          &value_object) ||
        level_of("number", level_object, &level) < 0)
        return NULL;
    data = encoded("number", "name", name);
    if (data == NULL || integer("number", "value", value_object, INT64_MIN,
                                INT64_MAX, &value) < 0)
        return NULL;
    return line("number", journal_write(level, "%s=%lld", data, value), name);
}

static PyObject *py_real(PyObject *self, PyObject *args)
{
    PyObject *level_object, *name, *value_object;
    const char *data;
    double value;
    int level;

    (void)self;
    if (!PyArg_ParseTuple(args, "OOO:real", &level_object, &name,
                          &value_object) ||
        level_of("real", level_object, &level) < 0)
        return NULL;
    data = encoded("real", "name", name);
    if (data == NULL || number_of(value_object, &value) < 0)
        return NULL;
    return line("real", journal_write(level, "%s=%.9g", data, value), name);
}

static PyObject *py_upto(PyObject *self, PyObject *level_object)
{
    int level, code = JOURNAL_E_LEVEL;

    (void)self;
    if (level_of("upto", level_object, &level) < 0)
        return NULL;
    if (level >= 0 && level <= 7)
        code = journal_upto(level);
    return line("upto", code, level_object);
}

static PyObject *py_lines(PyObject *self, PyObject *unused)
{
    (void)self;
    (void)unused;
    return PyLong_FromLongLong(journal_lines());
}

static PyMethodDef methods[] = {
    {"text", py_text, METH_VARARGS, "Write a message as it is."},
    {"number", py_number, METH_VARARGS, "Write name=value, an integer."},
    {"real", py_real, METH_VARARGS, "Write name=value with nine digits."},
    {"upto", py_upto, METH_O, "Keep the levels from 0 to level."},
    {"lines", py_lines, METH_NOARGS, "How many lines were written."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_8_7",
    .m_doc = "The log of a program.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_8_7(void)
{
    return PyModuleDef_Init(&module);
}
