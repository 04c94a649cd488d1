/*
 * Config as a static type, in a module that is initialised in one phase: the
 * older form, for contrast. One type serves the whole process, nobody counts
 * references to it, and only the first import runs the code below.
 */
#include "config.h"

static int config_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(((ConfigObject *)self)->server_url);
    return 0;
}

static void config_dealloc(PyObject *self)
{
    PyObject_GC_UnTrack(self);
    (void)config_clear(self);
    Py_TYPE(self)->tp_free(self);
}

// region: type
static PyTypeObject config_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "mymodule_static.Config",
    .tp_doc = config_doc,
    .tp_basicsize = sizeof(ConfigObject),
    .tp_flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .tp_new = config_new,
    .tp_dealloc = config_dealloc,
    .tp_traverse = config_traverse,
    .tp_clear = config_clear,
    .tp_getset = config_getset,
    .tp_methods = config_methods,
};
// endregion

static struct PyModuleDef mymodule_static_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "mymodule_static",
    .m_doc = "Config as a static type.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit_mymodule_static(void)
{
    PyObject *module = PyModule_Create(&mymodule_static_def);
    if (module == NULL) {
        return NULL;
    }
    if (PyModule_AddType(module, &config_type) < 0) {
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
