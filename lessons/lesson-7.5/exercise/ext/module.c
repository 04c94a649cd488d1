/* totals as a hand-written extension module: the loops are in C. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "totals.h"

static PyObject *py_add(PyObject *self, PyObject *args)
{
    int a, b;

    (void)self;
    if (!PyArg_ParseTuple(args, "ii:add", &a, &b))
        return NULL;
    return PyLong_FromLong(add(a, b));
}

static PyObject *py_checksum(PyObject *self, PyObject *data)
{
    (void)self;
    if (!PyBytes_Check(data)) {
        PyErr_SetString(PyExc_TypeError, "checksum: data must be bytes");
        return NULL;
    }
    return PyLong_FromUnsignedLong(
        totals_bytes(TOTALS_START, (const uint8_t *)PyBytes_AS_STRING(data),
                     (size_t)PyBytes_GET_SIZE(data)));
}

static PyObject *py_total(PyObject *self, PyObject *values)
{
    PyObject *items, *result = NULL;
    int32_t *numbers = NULL;
    Py_ssize_t count;

    (void)self;
    /* A tuple of our own: converting an item may run Python code, which
     * could change a list under our feet.
     */
    items = PySequence_Tuple(values);
    if (items == NULL)
        return NULL;
    count = PyTuple_GET_SIZE(items);
    numbers = PyMem_Malloc((size_t)count * sizeof *numbers);
    if (numbers == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        int number;

        if (!PyArg_Parse(PyTuple_GET_ITEM(items, i), "i", &number))
            goto done;
        numbers[i] = number;
    }
    result = PyLong_FromLongLong(totals_sum(numbers, (size_t)count));

done:
    PyMem_Free(numbers);
    Py_DECREF(items);
    return result;
}

static PyObject *py_calls(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    return PyLong_FromUnsignedLongLong(totals_calls());
}

static PyMethodDef methods[] = {
    {"add", py_add, METH_VARARGS, "Return a + b."},
    {"checksum", py_checksum, METH_O, "Return the checksum of bytes."},
    {"total", py_total, METH_O, "Return the sum of numbers."},
    {"calls", py_calls, METH_NOARGS, "Return how often C was called."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, .m_name = "_lesson_7_5", .m_doc = "Small sums.",
    .m_methods = methods,  .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_7_5(void)
{
    return PyModuleDef_Init(&module);
}
