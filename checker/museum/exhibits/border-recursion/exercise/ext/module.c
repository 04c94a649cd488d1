#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "tree.h"

static PyObject *kept;

static int visit(int node)
{
    PyObject *found = PyObject_CallObject(kept, NULL);
    if (found == NULL) {
        return -1;
    }
    Py_DECREF(found);
    return node;
}

static PyObject *show(PyObject *module, PyObject *callable)
{
    kept = callable;
    if (tree_visit(visit, 1) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"show", show, METH_O, "Has C call a Python function."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, .m_name = "_lesson_0_0", .m_methods = methods,
};

PyMODINIT_FUNC PyInit__lesson_0_0(void)
{
    return PyModule_Create(&definition);
}
