/*
 * Config as a heap type, in a module that is initialised in two phases. Each
 * import that makes a module makes a type of its own, an instance owns a
 * reference to its type, and the module can be loaded into a subinterpreter.
 */
#include "config.h"

static int config_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ConfigObject *)self)->server_url);
    return 0;
}

static void config_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    (void)config_clear(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyType_Slot config_slots[] = {
    {Py_tp_doc, (void *)config_doc}, {Py_tp_new, config_new},
    {Py_tp_dealloc, config_dealloc}, {Py_tp_traverse, config_traverse},
    {Py_tp_clear, config_clear},     {Py_tp_getset, config_getset},
    {Py_tp_methods, config_methods}, {0, NULL},
};

static PyType_Spec config_spec = {
    .name = "mymodule.Config",
    .basicsize = sizeof(ConfigObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC,
    .slots = config_slots,
};

static int mymodule_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &config_spec, NULL);
    if (type == NULL) {
        return -1;
    }
    int added = PyModule_AddType(module, (PyTypeObject *)type);
    Py_DECREF(type);
    return added;
}

static PyModuleDef_Slot mymodule_slots[] = {
    {Py_mod_exec, mymodule_exec},
    {0, NULL},
};

static struct PyModuleDef mymodule_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "mymodule",
    .m_doc = "Config as a heap type.",
    .m_slots = mymodule_slots,
};

PyMODINIT_FUNC PyInit_mymodule(void)
{
    return PyModuleDef_Init(&mymodule_def);
}
