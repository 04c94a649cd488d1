/* One part puts a table of C functions into a capsule, another takes it out. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>

#include "sums.h"

/* The provider. */

/* Python calls it when a capsule ends. The capsule is whole, but nobody can
 * own it any more. */
static void end_table(PyObject *capsule)
{
    // task: destructor
    sums_free(PyCapsule_GetPointer(capsule, SUMS_CAPSULE));
    // starter:
    //| /* TODO 1: the table that offer made ends here. */
    //| (void)capsule;
    // endtask
}

static PyObject *offer(PyObject *module, PyObject *args)
{
    const char *method;
    sums_api *table = NULL; /* owned, until the capsule owns it */
    PyObject *capsule;
    int code;

    (void)module;
    if (!PyArg_ParseTuple(args, "s:offer", &method))
        return NULL;
    code = sums_new(method, &table);
    if (code == SUMS_E_MEMORY)
        return PyErr_NoMemory();
    if (code != SUMS_OK)
        return PyErr_Format(PyExc_ValueError,
                            "offer: '%s' is no method (code %d)", method, code);
    capsule = PyCapsule_New(table, SUMS_CAPSULE, end_table);
    if (capsule == NULL)
        sums_free(table);
    return capsule;
}

static PyObject *alive(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLong(sums_alive());
}

/* The user. It knows of the provider what the header says, and nothing else. */

#define FIRST_SIZE offsetof(sums_api, total) /* of a table that ends before */

typedef struct {
    PyObject_HEAD
    PyObject *capsule; /* owned: the table lives as long */
    sums_api *table;   /* the capsule's */
} SumsObject;

/* Returns the table in a capsule, whose it is; NULL with an exception. */
static sums_api *connect_to(PyObject *capsule)
{
    sums_api *table;

    // task: connect
    if (!PyCapsule_IsValid(capsule, SUMS_CAPSULE))
        return (void *)PyErr_Format(PyExc_ValueError,
                                    "connect: no capsule named %s: %R",
                                    SUMS_CAPSULE, capsule);
    table = PyCapsule_GetPointer(capsule, SUMS_CAPSULE);
    if (table->version != SUMS_VERSION)
        return (void *)PyErr_Format(PyExc_RuntimeError,
                                    "connect: version %u, not %u: %R",
                                    table->version, SUMS_VERSION, capsule);
    if (table->size < FIRST_SIZE)
        return (void *)PyErr_Format(PyExc_RuntimeError,
                                    "connect: size %u, not %u: %R", table->size,
                                    (unsigned)FIRST_SIZE, capsule);
    // starter:
    //| /* TODO 2: a capsule of that name, a table of our version, large enough?
    //|  * ValueError "connect: no capsule named sums.API: ..."; RuntimeError
    //|  * "connect: version 3, not 2: ...", "connect: size 8, not 16: ...",
    //|  * each with the repr of what was given. */
    //| table = PyCapsule_GetPointer(capsule, SUMS_CAPSULE);
    // endtask
    return table;
}

static PyObject *sums_type_new(PyTypeObject *type, PyObject *args,
                               PyObject *kwargs)
{
    static char *names[] = {"capsule", NULL};
    PyObject *capsule; /* borrowed */
    sums_api *table;
    SumsObject *self;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O:Sums", names, &capsule))
        return NULL;
    table = connect_to(capsule);
    if (table == NULL)
        return NULL;
    self = (SumsObject *)type->tp_alloc(type, 0);
    if (self == NULL)
        return NULL;
    self->table = table;
    // task: keep
    Py_INCREF(capsule);
    self->capsule = capsule;
    // starter:
    //| /* TODO 3: capsule is borrowed. How long does the table live? */
    //| self->capsule = NULL;
    // endtask
    return (PyObject *)self;
}

static void sums_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    // task: dealloc
    Py_XDECREF(((SumsObject *)self)->capsule);
    // starter:
    //| /* TODO 3: what does self own besides its memory and its type? */
    // endtask
    type->tp_free(self);
    Py_DECREF(type); /* instances of a heap type own a reference to it */
}

static PyObject *sums_sum(PyObject *self, PyObject *args)
{
    sums_api *table = ((SumsObject *)self)->table;
    PyObject *data; /* borrowed */
    int64_t result;

    if (!PyArg_ParseTuple(args, "S:sum", &data))
        return NULL;
    result = table->sum(table, PyBytes_AS_STRING(data), PyBytes_GET_SIZE(data));
    if (result < 0)
        return PyErr_Format(PyExc_ValueError, "sum: code %lld: %R",
                            (long long)result, data);
    return PyLong_FromLongLong(result);
}

static PyObject *sums_total(PyObject *self, PyObject *ignored)
{
    SumsObject *sums = (SumsObject *)self;

    (void)ignored;
    // task: total
    if (sums->table->size < sizeof(sums_api))
        return PyErr_Format(PyExc_NotImplementedError, "total: size %u: %R",
                            sums->table->size, sums->capsule);
    // starter:
    //| /* TODO 4: does this table go as far as total? If not,
    //|  * NotImplementedError "total: size 16: ..." with the capsule's repr. */
    // endtask
    return PyLong_FromLongLong(sums->table->total(sums->table));
}

static PyMethodDef sums_methods[] = {
    {"sum", sums_sum, METH_VARARGS, "Return the checksum of bytes."},
    {"total", sums_total, METH_NOARGS, "Return how many bytes were summed."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot sums_slots[] = {
    {Py_tp_doc, (void *)"The functions of a table that somebody offers."},
    {Py_tp_new, sums_type_new},
    {Py_tp_dealloc, sums_dealloc},
    {Py_tp_methods, sums_methods},
    {0, NULL},
};

static PyType_Spec sums_spec = {
    .name = "_lesson_9_6.Sums",
    .basicsize = sizeof(SumsObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = sums_slots,
};

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&sums_spec);

    if (type == NULL)
        return -1;
    if (PyModule_AddObject(module, "Sums", type) < 0) {
        Py_DECREF(type);
        return -1;
    }
    return 0;
}

static PyMethodDef module_methods[] = {
    {"offer", offer, METH_VARARGS, "Return a capsule that owns a new table."},
    {"alive", alive, METH_NOARGS, "Return how many tables there are."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,          .m_name = "_lesson_9_6",
    .m_doc = "Checksums to share.", .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__lesson_9_6(void)
{
    return PyModuleDef_Init(&module_def);
}
