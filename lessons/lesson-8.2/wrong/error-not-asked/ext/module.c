/* units as a hand-written extension module: each integer is fetched by a
 * function that checks, because half of PyArg_ParseTuple's formats do not.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <limits.h>

#include "units.h"

/* Which argument of which operation is converted, for the messages. */
struct place {
    const char *operation;
    const char *name;
};

static int refuse(struct place at, PyObject *kind, const char *why)
{
    PyErr_Format(kind, "%s: %s %s", at.operation, at.name, why);
    return -1;
}

/* Returns a new reference to `value` as an int, or NULL with TypeError. */
static PyObject *whole(struct place at, PyObject *value)
{
    PyObject *number = PyNumber_Index(value);

    if (number == NULL && PyErr_ExceptionMatches(PyExc_TypeError))
        refuse(at, PyExc_TypeError, "is no integer");
    return number;
}

/* Stores `value` in *out and returns 0; or -1 with an exception set. */
static int fit_signed(struct place at, PyObject *value, long long low,
                      long long high, long long *out)
{
    PyObject *number = whole(at, value);
    int overflow;

    if (number == NULL)
        return -1;
    *out = PyLong_AsLongLongAndOverflow(number, &overflow);
    Py_DECREF(number);
    if (overflow != 0 || *out < low || *out > high)
        return refuse(at, PyExc_OverflowError, "does not fit its C type");
    return 0;
}

/* The same for 0 to `high`. */
static int fit_unsigned(struct place at, PyObject *value,
                        unsigned long long high, unsigned long long *out)
{
    PyObject *number = whole(at, value);

    if (number == NULL)
        return -1;
    *out = PyLong_AsUnsignedLongLong(number);
    Py_DECREF(number);
    if (*out > high)
        return refuse(at, PyExc_OverflowError, "does not fit its C type");
    return 0;
}

/* Turns a code of units.h into ValueError. */
static PyObject *code(const char *operation, int status, const char *what)
{
    PyErr_Format(PyExc_ValueError, "%s: code %d for %s", operation, status,
                 what);
    return NULL;
}

static PyObject *py_length(PyObject *self, PyObject *args)
{
    PyObject *a, *b;
    long long feet;
    int64_t tenths;
    int status;

    (void)self;
    unsigned long long inches;

    if (!PyArg_ParseTuple(args, "OO:length", &a, &b) ||
        fit_signed((struct place){"length", "feet"}, a, INT32_MIN, INT32_MAX,
                   &feet) < 0 ||
        fit_unsigned((struct place){"length", "inches"}, b, UINT8_MAX,
                     &inches) < 0)
        return NULL;
    status = units_length((int32_t)feet, (uint8_t)inches, &tenths);
    if (status != 0)
        return code("length", status, "inches");
    return PyLong_FromLongLong(tenths);
}

static PyObject *py_blocks(PyObject *self, PyObject *args)
{
    PyObject *a, *b;
    unsigned long long size, block;
    size_t count;
    int status;

    (void)self;
    if (!PyArg_ParseTuple(args, "OO:blocks", &a, &b) ||
        fit_unsigned((struct place){"blocks", "size"}, a, SIZE_MAX, &size) <
            0 ||
        fit_unsigned((struct place){"blocks", "block"}, b, UINT32_MAX, &block) <
            0)
        return NULL;
    status = units_blocks((size_t)size, (uint32_t)block, &count);
    if (status != 0)
        return code("blocks", status, "block");
    return PyLong_FromSize_t(count);
}

static PyObject *py_seconds(PyObject *self, PyObject *value)
{
    long long minutes;
    long seconds;
    int status;

    (void)self;
    if (fit_signed((struct place){"seconds", "minutes"}, value, LONG_MIN,
                   LONG_MAX, &minutes) < 0)
        return NULL;
    status = units_seconds((long)minutes, &seconds);
    if (status != 0)
        return code("seconds", status, "minutes");
    return PyLong_FromLong(seconds);
}

static PyObject *py_celsius(PyObject *self, PyObject *args)
{
    double fahrenheit;

    (void)self;
    if (!PyArg_ParseTuple(args, "d:celsius", &fahrenheit))
        return NULL;
    return PyFloat_FromDouble(units_celsius(fahrenheit));
}

/* What the formats alone make of two integers: `i` checks, `B` does not. */
static PyObject *py_unchecked(PyObject *self, PyObject *args)
{
    int feet, status;
    unsigned char inches;
    int64_t tenths;

    (void)self;
    if (!PyArg_ParseTuple(args, "iB:unchecked", &feet, &inches))
        return NULL;
    status = units_length(feet, inches, &tenths);
    return PyLong_FromLongLong(status == 0 ? tenths : status);
}

static PyMethodDef methods[] = {
    {"length", py_length, METH_VARARGS, "Feet and inches in tenths of mm."},
    {"blocks", py_blocks, METH_VARARGS, "How many blocks hold a size."},
    {"seconds", py_seconds, METH_O, "Minutes in seconds."},
    {"celsius", py_celsius, METH_VARARGS, "Fahrenheit in Celsius."},
    {"unchecked", py_unchecked, METH_VARARGS, "length without a check."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_8_2",
    .m_doc = "Conversions in whole numbers.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_8_2(void)
{
    return PyModuleDef_Init(&module);
}
