#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "workers.h"

static PyObject *results;

static void task(void)
{
    PyObject *number = PyLong_FromLong(1000);
    PyList_Append(results, number);
    Py_XDECREF(number);
}

static PyObject *show(PyObject *module, PyObject *args)
{
    results = PyList_New(0);
    Py_BEGIN_ALLOW_THREADS
    worker_run(task);
    Py_END_ALLOW_THREADS
    return results;
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
