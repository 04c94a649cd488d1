#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "series.h"

static PyObject *show(PyObject *module, PyObject *args)
{
    PyObject *bytes = PyByteArray_FromStringAndSize("abc", 3);
    Py_buffer view;
    if (bytes == NULL || PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE) != 0) {
        return NULL;
    }
    int sum = series_sum(view.buf, (int)view.len);
    if (PyByteArray_Resize(bytes, 100) != 0) {
        return NULL;
    }
    PyBuffer_Release(&view);
    Py_DECREF(bytes);
    return PyLong_FromLong(sum);
}

static PyMethodDef methods[] = {
    {"show", show, METH_NOARGS, "Shows one bug."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_lesson_0_0", .m_methods = methods,
};

PyMODINIT_FUNC PyInit__lesson_0_0(void)
{
    return PyModule_Create(&definition);
}
