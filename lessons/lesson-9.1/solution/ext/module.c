/* kv by hand: codes, errno and out-parameters become results and exceptions. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <errno.h>
#include <string.h>

#include "kv.h"

#define TYPES (1 - KV_E_FORMAT)

/* What the module owns: types[-code], and KvError itself as types[0]. */
typedef struct {
    PyObject *types[TYPES];
} State;

static State *state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

/* Gives the exception what is known about it; returns -1 with another
 * exception set. The dict borrows nothing: Py_BuildValue counts for itself. */
static int describe(PyObject *exception, const char *operation, int code,
                    PyObject *path, PyObject *key, PyObject *line)
{
    PyObject *known =
        Py_BuildValue("{ss si sO sO sO}", "operation", operation, "code", code,
                      "path", path, "key", key, "line", line);
    PyObject *own = PyObject_GenericGetDict(exception, NULL);
    int merged = -1;

    if (known != NULL && own != NULL)
        merged = PyDict_Update(own, known);
    Py_XDECREF(known);
    Py_XDECREF(own);
    return merged;
}

/* Sets the exception for `code`, and returns NULL. path and key are borrowed;
 * `number` is 0 unless a line is bad. */
static PyObject *refuse(PyObject *module, const char *operation, int code,
                        PyObject *path, PyObject *key, int32_t number)
{
    // task: refuse
    int reason = errno; /* first of all: every call may change it */
    PyObject *type = state_of(module)->types[-code];
    PyObject *line = number == 0 ? Py_BuildValue("") : PyLong_FromLong(number);
    PyObject *exception = NULL;

    if (line == NULL)
        return NULL;
    if (code == KV_E_FILE) {
        PyObject *text =
            PyUnicode_FromFormat("%s: %s", operation, strerror(reason));
        if (text != NULL)
            exception = PyObject_CallFunction(type, "iNO", reason, text, path);
    } else {
        PyObject *text = PyUnicode_FromFormat(
            "%s: %s (code %d): path=%R, key=%R, line=%R", operation,
            kv_message(code), code, path, key, line);
        if (text != NULL)
            exception = PyObject_CallFunction(type, "N", text);
    }
    if (exception != NULL &&
        describe(exception, operation, code, path, key, line) == 0)
        PyErr_SetObject(type, exception);
    Py_XDECREF(exception);
    Py_DECREF(line);
    return NULL;
    // starter:
    //| /* TODO 1: KvFileError is made like every OSError, of (errno, text,
    //|  * path); the others of one text. Then `describe` (its line is None if
    //|  * `number` is 0), PyErr_SetObject, and release what you own. When do
    //|  * you read errno? */
    //| const char *message = kv_message(code);
    //|
    //| (void)number;
    //| (void)describe;
    //| return PyErr_Format(state_of(module)->types[0],
    //|                     "%s: %s (code %d): path=%R, key=%R", operation,
    //|                     message, code, path, key);
    // endtask
}

static PyObject *get(PyObject *module, PyObject *args)
{
    PyObject *path, *key; /* borrowed */
    PyObject *path_bytes = NULL, *key_bytes = NULL, *result = NULL; /* owned */

    if (!PyArg_ParseTuple(args, "UU:get", &path, &key))
        return NULL;
    if (PyUnicode_FSConverter(path, &path_bytes) &&
        PyUnicode_FSConverter(key, &key_bytes)) {
        // task: get
        int64_t value = 0;
        int32_t line = 0;
        int code = kv_get(PyBytes_AS_STRING(path_bytes),
                          PyBytes_AS_STRING(key_bytes), &value, &line);
        if (code == KV_OK)
            result = PyLong_FromLongLong(value);
        else
            result = refuse(module, "get", code, path, key, line);
        // starter:
        //| /* TODO 2: make room for both out-parameters, call kv_get, and
        //|  * believe the value only after KV_OK. */
        //| (void)module;
        //| PyErr_SetString(PyExc_NotImplementedError, "TODO 2: get");
        // endtask
    }
    Py_XDECREF(path_bytes);
    Py_XDECREF(key_bytes);
    return result;
}

static PyObject *put(PyObject *module, PyObject *args)
{
    PyObject *path, *key; /* borrowed */
    PyObject *path_bytes = NULL, *key_bytes = NULL, *result = NULL; /* owned */
    long long value;

    if (!PyArg_ParseTuple(args, "UUL:put", &path, &key, &value))
        return NULL;
    if (PyUnicode_FSConverter(path, &path_bytes) &&
        PyUnicode_FSConverter(key, &key_bytes)) {
        int code = kv_put(PyBytes_AS_STRING(path_bytes),
                          PyBytes_AS_STRING(key_bytes), value);
        if (code == KV_OK)
            result = Py_BuildValue("");
        else
            result = refuse(module, "put", code, path, key, 0);
    }
    Py_XDECREF(path_bytes);
    Py_XDECREF(key_bytes);
    return result;
}

static PyObject *count(PyObject *module, PyObject *args)
{
    PyObject *path;              /* borrowed */
    PyObject *path_bytes = NULL; /* owned */
    PyObject *result;
    int64_t lines;
    int32_t line = 0;

    if (!PyArg_ParseTuple(args, "U:count", &path) ||
        !PyUnicode_FSConverter(path, &path_bytes))
        return NULL;
    lines = kv_count(PyBytes_AS_STRING(path_bytes), &line);
    if (lines >= 0)
        result = PyLong_FromLongLong(lines);
    else
        result = refuse(module, "count", (int)lines, path, Py_None, line);
    Py_DECREF(path_bytes);
    return result;
}

static PyObject *exists(PyObject *module, PyObject *args)
{
    PyObject *path;              /* borrowed */
    PyObject *path_bytes = NULL; /* owned */
    int found;

    (void)module;
    if (!PyArg_ParseTuple(args, "U:exists", &path) ||
        !PyUnicode_FSConverter(path, &path_bytes))
        return NULL;
    found = kv_exists(PyBytes_AS_STRING(path_bytes));
    Py_DECREF(path_bytes);
    return PyBool_FromLong(found);
}

static PyObject *open_files(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLong(kv_open_files());
}

/* Makes types[-code] and adds it to the module under its name. */
static int add_type(PyObject *module, int code, const char *name,
                    PyObject *base, const char *doc)
{
    PyObject **types = state_of(module)->types;
    PyObject *bases =
        code == 0 ? PyTuple_Pack(1, base) : PyTuple_Pack(2, types[0], base);

    if (bases == NULL)
        return -1;
    types[-code] = PyErr_NewExceptionWithDoc(name, doc, bases, NULL);
    Py_DECREF(bases);
    if (types[-code] == NULL)
        return -1;
    Py_INCREF(types[-code]);
    if (PyModule_AddObject(module, strrchr(name, '.') + 1, types[-code]) < 0) {
        Py_DECREF(types[-code]);
        return -1;
    }
    return 0;
}

// region: hierarchy
static int module_exec(PyObject *module)
{
    if (add_type(module, KV_OK, "_lesson_9_1.KvError", PyExc_Exception,
                 "What kv refuses.") < 0 ||
        add_type(module, KV_E_FILE, "_lesson_9_1.KvFileError", PyExc_OSError,
                 "The system refused the file.") < 0 ||
        add_type(module, KV_E_KEY, "_lesson_9_1.KvKeyError", PyExc_LookupError,
                 "The file has no such key.") < 0 ||
        add_type(module, KV_E_ARGUMENT, "_lesson_9_1.KvArgumentError",
                 PyExc_ValueError, "Not a key.") < 0 ||
        add_type(module, KV_E_FORMAT, "_lesson_9_1.KvFormatError",
                 PyExc_ValueError, "A line is not key=value.") < 0)
        return -1;
    return 0;
}
// endregion

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    for (int i = 0; i < TYPES; i++)
        Py_VISIT(state_of(module)->types[i]);
    return 0;
}

static int module_clear(PyObject *module)
{
    for (int i = 0; i < TYPES; i++)
        Py_CLEAR(state_of(module)->types[i]);
    return 0;
}

static void module_free(void *module)
{
    (void)module_clear(module);
}

static PyMethodDef module_methods[] = {
    {"get", get, METH_VARARGS, "Return the value of a key."},
    {"put", put, METH_VARARGS, "Give a key a value."},
    {"count", count, METH_VARARGS, "Return how many lines the file has."},
    {"exists", exists, METH_VARARGS, "Return whether there is such a file."},
    {"open_files", open_files, METH_NOARGS, "Return how many are left open."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_9_1",
    .m_doc = "A key-value store in a text file.",
    .m_size = sizeof(State),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
    .m_free = module_free,
};

PyMODINIT_FUNC PyInit__lesson_9_1(void)
{
    return PyModuleDef_Init(&module_def);
}
