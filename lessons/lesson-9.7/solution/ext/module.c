/* A store as Python expects it: a heap type with the slots of a mapping, and
 * another one for the walk over its keys. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <string.h>

#include "kv.h"

typedef struct {
    PyObject_HEAD
    kv *store;      /* owned; NULL before it is open, and after close */
    PyObject *path; /* owned */
} StoreObject;

typedef struct {
    PyObject_HEAD
    kv_cursor *cursor; /* owned; NULL once the walk is over */
    PyObject *store;   /* owned as long: the cursor points into it */
} WalkObject;

typedef struct {
    PyObject *mode, *sync;  /* owned: the enums */
    PyTypeObject *walk;     /* owned */
    PyObject *not_writable; /* owned: io.UnsupportedOperation */
} State;

/* Sets the exception for `code`, and returns NULL. key is borrowed, and may be
 * NULL. */
static PyObject *refuse(PyObject *self, const char *operation, int code,
                        PyObject *key)
{
    int reason = errno; /* first of all, and of use after KV_E_FILE only */
    PyObject *path = ((StoreObject *)self)->path;
    State *state = PyType_GetModuleState(Py_TYPE(self));
    PyObject *arguments;

    switch (code) {
    case KV_E_MEMORY:
        return PyErr_NoMemory();
    case KV_E_MODE:
        return PyErr_Format(state->not_writable,
                            "%s: open for reading (code %d): %U", operation,
                            code, path);
    case KV_E_CHANGED:
        return PyErr_Format(PyExc_RuntimeError,
                            "%s: keys were added during the walk (code %d): %U",
                            operation, code, path);
    case KV_E_FORMAT:
        return PyErr_Format(PyExc_ValueError,
                            "%s: not the file of a store (code %d): %U",
                            operation, code, path);
    case KV_E_ARGUMENT:
        return PyErr_Format(PyExc_ValueError,
                            "%s: %R is not a key (code %d): %U", operation, key,
                            code, path);
    case KV_E_KEY: /* N gives our text away */
        arguments =
            Py_BuildValue("(ON)", key,
                          PyUnicode_FromFormat("%s: no such key (code %d): %U",
                                               operation, code, path));
        break;
    default: /* OSError picks its subclass by the number */
        arguments = Py_BuildValue(
            "(iNO)", reason,
            PyUnicode_FromFormat("%s: %s", operation, strerror(reason)), path);
    }
    if (arguments != NULL)
        PyErr_SetObject(code == KV_E_KEY ? PyExc_KeyError : PyExc_OSError,
                        arguments);
    Py_XDECREF(arguments);
    return NULL;
}

/* Returns the handle, which self goes on to own; NULL with an exception. */
static kv *own(PyObject *self)
{
    if (((StoreObject *)self)->store == NULL)
        PyErr_Format(PyExc_ValueError, "%U: the store is closed",
                     ((StoreObject *)self)->path);
    return ((StoreObject *)self)->store;
}

/* Asks an enum for the number of what was given, a member or its number;
 * returns -1 with an exception. No kv_mode and no kv_sync is negative. */
static int32_t number_of(PyObject *members, PyObject *given)
{
    PyObject *member = PyObject_CallOneArg(members, given);
    PyObject *value;
    long number;

    if (member == NULL)
        return -1;
    value = PyObject_GetAttrString(member, "value");
    Py_DECREF(member);
    if (value == NULL)
        return -1;
    number = PyLong_AsLong(value);
    Py_DECREF(value);
    return (int32_t)number;
}

/* Asks an enum for the member of a number. */
static PyObject *member_of(PyObject *members, int32_t number)
{
    return PyObject_CallFunction(members, "i", (int)number);
}

static PyObject *store_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static char *names[] = {"path", "mode", "sync", NULL};
    State *state = PyType_GetModuleState(type);
    PyObject *mode = NULL, *sync = NULL; /* borrowed */
    int32_t mode_number = KV_READ, sync_number = KV_SYNC_CLOSE;
    PyObject *path = NULL;  /* owned, until self has it */
    PyObject *bytes = NULL; /* owned */
    PyObject *self = NULL;  /* owned */
    int code;

    // task: keywords
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|$OO:Store", names,
                                     PyUnicode_FSDecoder, &path, &mode, &sync))
        return NULL;
    if (mode != NULL)
        mode_number = number_of(state->mode, mode);
    if (sync != NULL && mode_number != -1)
        sync_number = number_of(state->sync, sync);
    if (mode_number == -1 || sync_number == -1)
        goto done;
    // starter:
    //| /* TODO 1: numbers, and told apart by their place only. Take members of
    //|  * the enums, by keyword only; what is no member ends at `done`, because
    //|  * path is owned already. */
    //| (void)state, (void)mode, (void)sync, (void)number_of;
    //| if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O&|ii:Store", names,
    //|                                  PyUnicode_FSDecoder, &path,
    //|                                  &mode_number, &sync_number))
    //|     return NULL;
    // endtask
    if (!PyUnicode_FSConverter(path, &bytes))
        goto done;
    self = type->tp_alloc(type, 0); /* zeroed */
    if (self == NULL)
        goto done;
    ((StoreObject *)self)->path = path;
    path = NULL;
    code = kv_open(PyBytes_AS_STRING(bytes), mode_number, sync_number,
                   &((StoreObject *)self)->store);
    if (code != KV_OK) {
        refuse(self, "open", code, NULL);
        Py_CLEAR(self); /* store_dealloc finds no handle */
    }
done:
    Py_XDECREF(bytes);
    Py_XDECREF(path);
    return self;
}

static void store_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    if (((StoreObject *)self)->store != NULL)
        (void)kv_close(((StoreObject *)self)->store); /* nobody left to tell */
    Py_XDECREF(((StoreObject *)self)->path);
    type->tp_free(self);
    Py_DECREF(type); /* instances of a heap type own a reference to it */
}

static PyObject *store_close(PyObject *self, PyObject *ignored)
{
    kv *store = ((StoreObject *)self)->store;
    int code;

    (void)ignored;
    ((StoreObject *)self)->store = NULL; /* it is gone even if this fails */
    code = store == NULL ? KV_OK : kv_close(store);
    if (code != KV_OK)
        return refuse(self, "close", code, NULL);
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

static PyObject *store_repr(PyObject *self)
{
    const kv *store = ((StoreObject *)self)->store;
    PyObject *path = ((StoreObject *)self)->path;
    State *state = PyType_GetModuleState(Py_TYPE(self));
    PyObject *mode, *name, *text;

    if (store == NULL)
        return PyUnicode_FromFormat("<Store %R, closed>", path);
    mode = member_of(state->mode, kv_mode(store));
    name = mode == NULL ? NULL : PyObject_GetAttrString(mode, "name");
    Py_XDECREF(mode);
    if (name == NULL)
        return NULL;
    text = PyUnicode_FromFormat("<Store %R, %U, %lld keys>", path, name,
                                (long long)kv_count(store));
    Py_DECREF(name);
    return text;
}

static Py_ssize_t store_length(PyObject *self)
{
    const kv *store = own(self);

    return store == NULL ? -1 : (Py_ssize_t)kv_count(store);
}

/* Asks C for the value of a key; returns its code, or 1 with an exception. */
static int ask(PyObject *self, PyObject *key, int64_t *value)
{
    const kv *store = own(self);
    PyObject *bytes = NULL; /* owned */
    int code;

    if (store == NULL)
        return 1;
    if (!PyUnicode_Check(key)) {
        PyErr_Format(PyExc_TypeError, "expected str, not %s",
                     Py_TYPE(key)->tp_name);
        return 1;
    }
    if (!PyUnicode_FSConverter(key, &bytes))
        return 1;
    code = kv_get(store, PyBytes_AS_STRING(bytes), value);
    Py_DECREF(bytes);
    return code;
}

static PyObject *store_subscript(PyObject *self, PyObject *key)
{
    int64_t value = 0;
    int code = ask(self, key, &value);

    if (code == KV_OK)
        return PyLong_FromLongLong(value);
    return code == 1 ? NULL : refuse(self, "get", code, key);
}

static int store_contains(PyObject *self, PyObject *key)
{
    // task: contains
    int64_t value;
    int code = ask(self, key, &value);

    if (code == KV_OK || code == KV_E_KEY)
        return code == KV_OK;
    if (code != 1)
        refuse(self, "contains", code, key);
    return -1;
    // starter:
    //| /* TODO 2: 1 is yes, 0 is no, -1 is an exception that is set: by `ask`
    //|  * if it returns 1, by `refuse` for what kv_get refuses. */
    //| int64_t value;
    //|
    //| return ask(self, key, &value);
    // endtask
}

static int store_assign(PyObject *self, PyObject *key, PyObject *value)
{
    kv *store = own(self);
    PyObject *bytes = NULL; /* owned */
    long long number;
    int code;

    if (store == NULL)
        return -1;
    if (value == NULL || !PyUnicode_Check(key)) {
        PyErr_SetString(PyExc_TypeError, value == NULL
                                             ? "a key cannot be deleted"
                                             : "expected a str as key");
        return -1;
    }
    value = PyNumber_Index(value); /* 3.9 would make 1 of 1.5 below */
    if (value == NULL)
        return -1;
    number = PyLong_AsLongLong(value);
    Py_DECREF(value);
    if ((number == -1 && PyErr_Occurred()) ||
        !PyUnicode_FSConverter(key, &bytes))
        return -1;
    code = kv_put(store, PyBytes_AS_STRING(bytes), number);
    Py_DECREF(bytes);
    if (code != KV_OK)
        refuse(self, "put", code, key);
    return code == KV_OK ? 0 : -1;
}

static PyObject *store_walk(PyObject *self)
{
    State *state = PyType_GetModuleState(Py_TYPE(self));
    const kv *store = own(self);
    WalkObject *walk; /* owned */
    int code;

    if (store == NULL)
        return NULL;
    walk = (WalkObject *)state->walk->tp_alloc(state->walk, 0); /* zeroed */
    if (walk == NULL)
        return NULL;
    Py_INCREF(self);
    walk->store = self;
    code = kv_walk(store, &walk->cursor);
    if (code != KV_OK) {
        refuse(self, "walk", code, NULL);
        Py_CLEAR(walk);
    }
    return (PyObject *)walk;
}

/* Gives back what the walk owns; nothing if it is over already. */
static void end(WalkObject *walk)
{
    // task: end
    kv_stop(walk->cursor);
    walk->cursor = NULL;
    Py_CLEAR(walk->store);
    // starter:
    //| /* TODO 3: this comes at the end of a walk, or when somebody leaves it
    //|  * half-way, or both. What does a walk own? */
    //| (void)walk;
    // endtask
}

static PyObject *walk_next(PyObject *self)
{
    WalkObject *walk = (WalkObject *)self;
    const char *key = "";
    int code;

    // task: next
    if (walk->cursor == NULL)
        return NULL; /* here an exception is not needed: the walk is over */
    if (own(walk->store) != NULL) { /* or the cursor would lead nowhere */
        code = kv_next(walk->cursor, &key);
        if (code == KV_OK)
            return PyUnicode_DecodeFSDefault(key);
        if (code != KV_END)
            refuse(walk->store, "next", code, NULL);
    }
    end(walk);
    return NULL;
    // starter:
    //| /* TODO 4: what does kv_next say, and may it be asked? NULL without an
    //|  * exception ends the walk; from then on it has to stay over. */
    //| (void)walk, (void)key, (void)code;
    //| return NULL;
    // endtask
}

static void walk_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    end((WalkObject *)self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *store_keys(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return store_walk(self);
}

static PyObject *store_get_mode(PyObject *self, void *closure)
{
    State *state = PyType_GetModuleState(Py_TYPE(self));
    const kv *store = own(self);

    (void)closure;
    return store == NULL ? NULL : member_of(state->mode, kv_mode(store));
}

static PyObject *store_get_sync(PyObject *self, void *closure)
{
    State *state = PyType_GetModuleState(Py_TYPE(self));
    const kv *store = own(self);
    PyObject *member;

    (void)closure;
    if (store == NULL)
        return NULL;
    member = member_of(state->sync, kv_sync(store));
    if (member == NULL && PyErr_ExceptionMatches(PyExc_ValueError)) {
        PyErr_Clear(); /* only a later kv has a name for it */
        return PyLong_FromLong(kv_sync(store));
    }
    return member;
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
    {"path", store_get_path, NULL, "Where the file is.", NULL},
    {"closed", store_get_closed, NULL, "Whether the handle is gone.", NULL},
    {"mode", store_get_mode, NULL, "What the store is open for.", NULL},
    {"sync", store_get_sync, NULL, "When the file is written.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef store_methods[] = {
    {"close", store_close, METH_NOARGS, "Write what is left, end the handle."},
    {"__enter__", store_enter, METH_NOARGS, "Return self."},
    {"__exit__", store_exit, METH_VARARGS, "Close."},
    {"keys", store_keys, METH_NOARGS, "Walk over the keys."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot store_slots[] = {
    {Py_tp_doc, (void *)"An open store, as a mapping from str to int."},
    {Py_tp_new, store_new},
    {Py_tp_dealloc, store_dealloc},
    {Py_tp_repr, store_repr},
    {Py_tp_iter, store_walk},
    {Py_tp_getset, store_getset},
    {Py_tp_methods, store_methods},
    {Py_mp_length, store_length},
    {Py_mp_subscript, store_subscript},
    {Py_mp_ass_subscript, store_assign},
    {Py_sq_contains, store_contains},
    {0, NULL},
};

static PyType_Spec store_spec = {
    .name = "_lesson_9_7.Store",
    .basicsize = sizeof(StoreObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = store_slots,
};

static PyType_Slot walk_slots[] = {
    {Py_tp_dealloc, walk_dealloc},
    {Py_tp_iter, PyObject_SelfIter},
    {Py_tp_iternext, walk_next},
    {0, NULL},
};

static PyType_Spec walk_spec = {
    .name = "_lesson_9_7.Walk",
    .basicsize = sizeof(WalkObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = walk_slots,
};

static PyObject *alive(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLong(kv_alive());
}

/* Takes from a module what has this name. */
static PyObject *import_from(const char *module, const char *name)
{
    PyObject *imported = PyImport_ImportModule(module);
    PyObject *found =
        imported == NULL ? NULL : PyObject_GetAttrString(imported, name);

    Py_XDECREF(imported);
    return found;
}

/* Makes an Enum as Python's functional form does, and adds it to the module.
 * members, a dict, is stolen; `module` is for pickle. */
static PyObject *add_enum(PyObject *module, const char *name, PyObject *members)
{
    PyObject *maker = import_from("enum", "Enum");
    PyObject *args = Py_BuildValue("(sN)", name, members);
    PyObject *kwargs = Py_BuildValue("{ss}", "module", "_lesson_9_7");
    PyObject *made = NULL;

    if (maker != NULL && args != NULL && kwargs != NULL)
        made = PyObject_Call(maker, args, kwargs);
    Py_XDECREF(maker);
    Py_XDECREF(args);
    Py_XDECREF(kwargs);
    if (made != NULL && PyObject_SetAttrString(module, name, made) < 0)
        Py_CLEAR(made);
    return made;
}

static int module_exec(PyObject *module)
{
    State *state = PyModule_GetState(module);
    PyObject *store = PyType_FromModuleAndSpec(module, &store_spec, NULL);
    int added =
        store == NULL ? -1 : PyObject_SetAttrString(module, "Store", store);

    Py_XDECREF(store);
    if (added < 0)
        return -1;
    state->walk =
        (PyTypeObject *)PyType_FromModuleAndSpec(module, &walk_spec, NULL);
    if (state->walk == NULL)
        return -1;
    state->not_writable = import_from("io", "UnsupportedOperation");
    if (state->not_writable == NULL)
        return -1;
    state->mode = add_enum(module, "Mode",
                           Py_BuildValue("{si,si,si}", "READ", KV_READ, "WRITE",
                                         KV_WRITE, "CREATE", KV_CREATE));
    if (state->mode == NULL)
        return -1;
    state->sync = add_enum(
        module, "Sync",
        Py_BuildValue("{si,si}", "CLOSE", KV_SYNC_CLOSE, "PUT", KV_SYNC_PUT));
    return state->sync == NULL ? -1 : 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);

    Py_VISIT(state->mode);
    Py_VISIT(state->sync);
    Py_VISIT(state->walk);
    Py_VISIT(state->not_writable);
    return 0;
}

static int module_clear(PyObject *module)
{
    State *state = PyModule_GetState(module);

    Py_CLEAR(state->mode);
    Py_CLEAR(state->sync);
    Py_CLEAR(state->walk);
    Py_CLEAR(state->not_writable);
    return 0;
}

static void module_free(void *module)
{
    (void)module_clear(module);
}

static PyMethodDef module_methods[] = {
    {"alive", alive, METH_NOARGS, "Return how many handles are open in C."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,         .m_name = "_lesson_9_7",
    .m_doc = "A key-value store.", .m_size = sizeof(State),
    .m_methods = module_methods,   .m_slots = module_slots,
    .m_traverse = module_traverse, .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__lesson_9_7(void)
{
    return PyModuleDef_Init(&module_def);
}
