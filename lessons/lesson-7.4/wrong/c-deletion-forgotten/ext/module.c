/* Config as a heap type, in a module with multi-phase init. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <structmember.h>

#include "config.h"

typedef struct {
    PyObject_HEAD
    config *store;  /* owned; NULL until config_create has made it */
    PyObject *note; /* owned; any object, so a cycle may go through it */
} ConfigObject;

static PyObject *get_server_url(PyObject *self, void *closure)
{
    (void)closure;
    return PyUnicode_FromString(
        config_server_url(((ConfigObject *)self)->store));
}

static PyObject *get_timeout(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromLong(config_timeout(((ConfigObject *)self)->store));
}

/* value is borrowed; NULL means `del config.timeout`. */
static int set_timeout(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    int seconds;

    if (!PyLong_Check(value)) {
        PyErr_SetString(PyExc_TypeError, "timeout must be an int");
        return -1;
    }
    if (!PyArg_Parse(value, "i", &seconds))
        return -1;
    if (config_set_timeout(((ConfigObject *)self)->store, seconds) != 0) {
        PyErr_Format(PyExc_ValueError, "timeout: %d is out of range", seconds);
        return -1;
    }
    return 0;
}

static PyObject *process(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return PyLong_FromLongLong(config_process(((ConfigObject *)self)->store));
}

static PyObject *config_new(PyTypeObject *type, PyObject *args,
                            PyObject *kwargs)
{
    static char *names[] = {"server_url", "timeout", NULL};
    const char *server_url;
    PyObject *timeout = NULL;
    ConfigObject *self;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "s|O:Config", names,
                                     &server_url, &timeout))
        return NULL;
    self = (ConfigObject *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    Py_INCREF(Py_None);
    self->note = Py_None;
    self->store = config_create(server_url);
    if (self->store == NULL) {
        PyErr_NoMemory();
        goto fail;
    }
    if (timeout != NULL && set_timeout((PyObject *)self, timeout, NULL) < 0)
        goto fail;
    return (PyObject *)self;

fail:
    Py_DECREF(self);
    return NULL;
}

/* Tells the collector which objects self owns: its type is one of them. */
static int traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((ConfigObject *)self)->note);
    return 0;
}

static int clear(PyObject *self)
{
    Py_CLEAR(((ConfigObject *)self)->note);
    return 0;
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    (void)clear(self);
    config_destroy(((ConfigObject *)self)->store);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyGetSetDef getset[] = {
    {"server_url", get_server_url, NULL, "Where the server is.", NULL},
    {"timeout", get_timeout, set_timeout, "Seconds; -1 is for ever.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMemberDef members[] = {
    {"note", T_OBJECT_EX, offsetof(ConfigObject, note), 0, "Any object."},
    {NULL, 0, 0, 0, NULL},
};

static PyMethodDef methods[] = {
    {"process", process, METH_NOARGS, "Return milliseconds; -1 for ever."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot type_slots[] = {
    {Py_tp_doc, (void *)"The settings of a client."},
    {Py_tp_new, config_new},
    {Py_tp_dealloc, dealloc},
    {Py_tp_traverse, traverse},
    {Py_tp_clear, clear},
    {Py_tp_getset, getset},
    {Py_tp_members, members},
    {Py_tp_methods, methods},
    {0, NULL},
};

static PyType_Spec type_spec = {
    .name = "_lesson_7_4.Config",
    .basicsize = sizeof(ConfigObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = type_slots,
};

static PyObject *py_alive(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLong(config_alive());
}

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromModuleAndSpec(module, &type_spec, NULL);

    if (type == NULL)
        return -1;
    if (PyModule_AddObject(module, "Config", type) < 0) {
        Py_DECREF(type);
        return -1;
    }
    return 0;
}

static PyMethodDef module_methods[] = {
    {"alive", py_alive, METH_NOARGS, "Return how many configs are alive."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_7_4",
    .m_doc = "The settings of a client.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__lesson_7_4(void)
{
    return PyModuleDef_Init(&module_def);
}
