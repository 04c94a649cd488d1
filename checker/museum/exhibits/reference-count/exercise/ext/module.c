#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "series.h"

static PyObject *show(PyObject *module, PyObject *args)
{
    PyObject *list = PyList_New(0);
    if (list == NULL) {
        return NULL;
    }
    PyObject *name = PyUnicode_FromFormat("a name of %d rounds", series_rounds());
    PyList_Append(list, name);
    Py_DECREF(name);
    Py_DECREF(name);
    return list;
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
