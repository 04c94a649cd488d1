/* An open store is an object of a heap type, which owns its handle. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <string.h>

#include "kv.h"

// region: object
typedef struct {
    PyObject_HEAD
    kv *store;      /* owned; NULL before it is open, and after close */
    PyObject *path; /* owned */
} StoreObject;
// endregion

/* Sets the exception for `code`, and returns NULL. path and key are borrowed;
 * key may be NULL. */
static PyObject *refuse(const char *operation, int code, PyObject *path,
                        PyObject *key)
{
    int reason = errno; /* first of all, and of use after KV_E_FILE only */
    PyObject *arguments;

    if (code == KV_E_MEMORY)
        return PyErr_NoMemory();
    if (code == KV_E_KEY)
        return PyErr_Format(PyExc_KeyError, "%s: %R is not there (code %d): %U",
                            operation, key, code, path);
    if (code == KV_E_ARGUMENT)
        return PyErr_Format(PyExc_ValueError,
                            "%s: %R is not a key (code %d): %U", operation, key,
                            code, path);
    if (code == KV_E_FORMAT)
        return PyErr_Format(PyExc_ValueError,
                            "%s: a line is not key=value (code %d): %U",
                            operation, code, path);
    /* OSError picks its subclass by the number. N gives our text away. */
    arguments = Py_BuildValue(
        "(iNO)", reason,
        PyUnicode_FromFormat("%s: %s", operation, strerror(reason)), path);
    if (arguments != NULL)
        PyErr_SetObject(PyExc_OSError, arguments);
    Py_XDECREF(arguments);
    return NULL;
}

// region: use
/* Returns the handle, which self goes on to own; NULL with an exception. */
static kv *own(PyObject *self)
{
    // task: own
    if (((StoreObject *)self)->store == NULL)
        PyErr_Format(PyExc_ValueError, "%U: the store is closed",
                     ((StoreObject *)self)->path);
    // starter:
    //| /* TODO 1: what may C get after `close`? Else a ValueError with the
    //|  * path and "the store is closed". */
    // endtask
    return ((StoreObject *)self)->store;
}
// endregion

static PyObject *store_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", NULL};
    PyObject *path;         /* borrowed */
    PyObject *bytes = NULL; /* owned */
    StoreObject *self;      /* owned */
    int code;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "U:Store", names, &path) ||
        !PyUnicode_FSConverter(path, &bytes))
        return NULL;
    self = (StoreObject *)type->tp_alloc(type, 0); /* zeroed */
    if (self == NULL) {
        Py_DECREF(bytes);
        return NULL;
    }
    Py_INCREF(path);
    self->path = path;
    code = kv_open(PyBytes_AS_STRING(bytes), &self->store);
    if (code != KV_OK) {
        refuse("open", code, path, NULL);
        Py_CLEAR(self); /* store_dealloc finds no handle */
    }
    Py_DECREF(bytes);
    return (PyObject *)self;
}

static int store_traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((StoreObject *)self)->path);
    return 0;
}

// region: end
static void store_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    PyObject_GC_UnTrack(self);
    // task: dealloc
    (void)kv_close(((StoreObject *)self)->store); /* nobody is left to tell */
    Py_CLEAR(((StoreObject *)self)->path);
    // starter:
    //| /* TODO 2: self owns two things besides its memory and its type. */
    // endtask
    type->tp_free(self);
    Py_DECREF(type); /* instances of a heap type own a reference to it */
}
// endregion

static PyObject *store_close(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    // region: once
    // task: close
    kv *store = ((StoreObject *)self)->store;
    int code;

    ((StoreObject *)self)->store = NULL; /* it is gone even if this fails */
    code = kv_close(store);
    if (code != KV_OK)
        return refuse("close", code, ((StoreObject *)self)->path, NULL);
    // starter:
    //| /* TODO 3: end the handle now; `close` and store_dealloc may still come.
    //|  * Ask kv_close how it went. */
    //| (void)self;
    // endtask
    // endregion
    return Py_BuildValue("");
}

static PyObject *store_enter(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    if (own(self) == NULL)
        return NULL;
    Py_INCREF(self);
    return self;
}

static PyObject *store_exit(PyObject *self, PyObject *exception)
{
    (void)exception;
    return store_close(self, NULL); /* None: the exception goes on */
}

static PyObject *store_put(PyObject *self, PyObject *args)
{
    kv *store = own(self);
    PyObject *key;          /* borrowed */
    PyObject *bytes = NULL; /* owned */
    long long value;
    int code;

    if (store == NULL || !PyArg_ParseTuple(args, "UL:put", &key, &value) ||
        !PyUnicode_FSConverter(key, &bytes))
        return NULL;
    code = kv_put(store, PyBytes_AS_STRING(bytes), value);
    Py_DECREF(bytes);
    if (code != KV_OK)
        return refuse("put", code, ((StoreObject *)self)->path, key);
    return Py_BuildValue("");
}

static PyObject *store_get(PyObject *self, PyObject *args)
{
    const kv *store = own(self);
    PyObject *key;          /* borrowed */
    PyObject *bytes = NULL; /* owned */
    int64_t value = 0;
    int code;

    if (store == NULL || !PyArg_ParseTuple(args, "U:get", &key) ||
        !PyUnicode_FSConverter(key, &bytes))
        return NULL;
    code = kv_get(store, PyBytes_AS_STRING(bytes), &value);
    Py_DECREF(bytes);
    if (code != KV_OK)
        return refuse("get", code, ((StoreObject *)self)->path, key);
    return PyLong_FromLongLong(value);
}

static Py_ssize_t store_length(PyObject *self)
{
    const kv *store = own(self);

    return store == NULL ? -1 : (Py_ssize_t)kv_count(store);
}

static PyObject *store_get_closed(PyObject *self, void *closure)
{
    (void)closure;
    return PyBool_FromLong(((StoreObject *)self)->store == NULL);
}

static PyObject *store_get_path(PyObject *self, void *closure)
{
    (void)closure;
    return Py_BuildValue("O", ((StoreObject *)self)->path);
}

static PyGetSetDef store_getset[] = {
    {"closed", store_get_closed, NULL, "Whether the handle is gone.", NULL},
    {"path", store_get_path, NULL, "Where the file is.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef store_methods[] = {
    {"close", store_close, METH_NOARGS, "Write what is left, end the handle."},
    {"__enter__", store_enter, METH_NOARGS, "Return self."},
    {"__exit__", store_exit, METH_VARARGS, "Close."},
    {"put", store_put, METH_VARARGS, "Give a key a value."},
    {"get", store_get, METH_VARARGS, "Return the value of a key."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot store_slots[] = {
    {Py_tp_doc, (void *)"An open store."}, {Py_tp_new, store_new},
    {Py_tp_dealloc, store_dealloc},        {Py_tp_traverse, store_traverse},
    {Py_tp_getset, store_getset},          {Py_tp_methods, store_methods},
    {Py_sq_length, store_length},          {0, NULL},
};

static PyType_Spec store_spec = {
    .name = "_lesson_9_4.Store",
    .basicsize = sizeof(StoreObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC,
    .slots = store_slots,
};

static PyObject *handles(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLong(kv_handles());
}

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&store_spec);

    if (type == NULL)
        return -1;
    if (PyModule_AddObject(module, "Store", type) < 0) {
        Py_DECREF(type);
        return -1;
    }
    return 0;
}

static PyMethodDef module_methods[] = {
    {"handles", handles, METH_NOARGS, "Return how many handles are open."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,         .m_name = "_lesson_9_4",
    .m_doc = "A key-value store.", .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__lesson_9_4(void)
{
    return PyModuleDef_Init(&module_def);
}
