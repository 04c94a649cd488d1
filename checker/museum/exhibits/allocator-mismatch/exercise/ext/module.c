#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "words.h"

static PyObject *show(PyObject *module, PyObject *args)
{
    char *word = word_copy("blue");
    PyObject *text = PyUnicode_FromString(word);
    PyMem_Free(word);
    return text;
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
