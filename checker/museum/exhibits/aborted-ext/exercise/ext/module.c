#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "cells.h"

static PyObject *show(PyObject *module, PyObject *args)
{
    return PyLong_FromLong(cell_check(-1));
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
