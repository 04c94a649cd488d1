/* check as a hand-written extension module: dlopen, dlsym, dlclose. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>
#include <string.h>
#include <unistd.h>

#include "check.h"

#define NAME "libcheck.so.1" /* Version 2 has another name and file. */
#define NEEDED 102

/* One library at a time, for the whole process, guarded by the GIL. The
 * functions are valid as long as the handle is open.
 */
static struct library {
    void *handle;
    int (*version)(void);
    int (*digit)(const char *digits);
} loaded;

/* Opens `path` if it fits. NULL; or a new reference to the reason why not,
 * and then nothing is open.
 */
static PyObject *open_library(const char *path, struct library *found)
{
    PyObject *reason;
    int version;

    if (access(path, F_OK) != 0)
        return PyUnicode_FromString("no such file");
    found->handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (found->handle == NULL)
        return PyUnicode_FromFormat("cannot be loaded (%s)", dlerror());
    *(void **)&found->version = dlsym(found->handle, "check_version");
    *(void **)&found->digit = dlsym(found->handle, "check_digit");
    if (found->version == NULL) {
        reason = PyUnicode_FromFormat("lacks a symbol (%s)", dlerror());
    } else {
        version = found->version();
        if (version / 100 == NEEDED / 100 && version >= NEEDED)
            return NULL;
        reason = PyUnicode_FromFormat("is version %d, %d is needed", version,
                                      NEEDED);
    }
    dlclose(found->handle);
    return reason;
}

/* The path of the library in `folder`, which may be relative to this module
 * and never to where the process stands. A new reference.
 */
static PyObject *path_in(PyObject *module, PyObject *folder)
{
    PyObject *file, *here, *path;
    Py_ssize_t length;

    if (!PyUnicode_Check(folder))
        return PyErr_Format(PyExc_TypeError, "load: str expected, not %s",
                            Py_TYPE(folder)->tp_name);
    if (PyUnicode_GetLength(folder) > 0 && PyUnicode_ReadChar(folder, 0) == '/')
        return PyUnicode_FromFormat("%U/" NAME, folder);
    file = PyModule_GetFilenameObject(module);
    if (file == NULL)
        return NULL;
    length = PyUnicode_GetLength(file);
    length = PyUnicode_FindChar(file, '/', 0, length, -1);
    here = PyUnicode_Substring(file, 0, length < 0 ? 0 : length);
    Py_DECREF(file);
    if (here == NULL)
        return NULL;
    path = PyUnicode_FromFormat("%U/%U/" NAME, here, folder);
    Py_DECREF(here);
    return path;
}

/* 1 if `path` is loaded now; 0 with one more place; -1 with an exception. */
static int try_path(PyObject *path, PyObject *places)
{
    PyObject *bytes, *reason, *place;
    struct library found;
    int added;

    bytes = PyUnicode_EncodeFSDefault(path);
    if (bytes == NULL)
        return -1;
    reason = open_library(PyBytes_AS_STRING(bytes), &found);
    Py_DECREF(bytes);
    if (reason == NULL) {
        if (PyErr_Occurred())
            return -1;
        if (loaded.handle != NULL)
            dlclose(loaded.handle);
        loaded = found;
        return 1;
    }
    place = PyUnicode_FromFormat("%U: %U", path, reason);
    Py_DECREF(reason);
    if (place == NULL)
        return -1;
    added = PyList_Append(places, place);
    Py_DECREF(place);
    return added;
}

static PyObject *nothing_fits(PyObject *places)
{
    PyObject *separator = PyUnicode_FromString("; "), *all;

    if (separator == NULL)
        return NULL;
    all = PyUnicode_Join(separator, places);
    Py_DECREF(separator);
    if (all == NULL)
        return NULL;
    PyErr_Format(PyExc_OSError, "load: nothing fits in %zd places: %U",
                 PyList_GET_SIZE(places), all);
    Py_DECREF(all);
    return NULL;
}

static PyObject *py_load(PyObject *module, PyObject *args)
{
    PyObject *folders, *places;
    Py_ssize_t i;

    if (!PyArg_ParseTuple(args, "O!:load", &PyList_Type, &folders))
        return NULL;
    places = PyList_New(0);
    if (places == NULL)
        return NULL;
    for (i = 0; i < PyList_GET_SIZE(folders); i++) {
        PyObject *path = path_in(module, PyList_GET_ITEM(folders, i));
        int opened = path == NULL ? -1 : try_path(path, places);

        if (opened != 0)
            Py_DECREF(places);
        if (opened > 0)
            return path;
        Py_XDECREF(path);
        if (opened < 0)
            return NULL;
    }
    nothing_fits(places);
    Py_DECREF(places);
    return NULL;
}

static int is_loaded(const char *operation)
{
    if (loaded.handle != NULL)
        return 1;
    PyErr_Format(PyExc_RuntimeError, "%s: no library is loaded", operation);
    return 0;
}

static PyObject *py_version(PyObject *module, PyObject *unused)
{
    int version;

    (void)module;
    (void)unused;
    if (!is_loaded("version"))
        return NULL;
    version = loaded.version();
    return Py_BuildValue("ii", version / 100, version % 100);
}

static PyObject *py_digit(PyObject *module, PyObject *digits)
{
    int result;

    (void)module;
    if (!is_loaded("digit"))
        return NULL;
    if (!PyBytes_Check(digits))
        return PyErr_Format(PyExc_TypeError, "digit: bytes expected, not %s",
                            Py_TYPE(digits)->tp_name);
    if (strlen(PyBytes_AS_STRING(digits)) != (size_t)PyBytes_GET_SIZE(digits))
        return PyErr_Format(PyExc_ValueError, "digit: NUL in %R", digits);
    result = loaded.digit(PyBytes_AS_STRING(digits));
    if (result < 0)
        return PyErr_Format(PyExc_ValueError, "digit: status %d: %R", result,
                            digits);
    return PyLong_FromLong(result);
}

static PyMethodDef methods[] = {
    {"load", py_load, METH_VARARGS, "Opens the first library that fits."},
    {"version", py_version, METH_NOARGS, "The version that is loaded."},
    {"digit", py_digit, METH_O, "The check digit to write behind digits."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_8_1",
    .m_doc = "Check digits, by a library that is found at run time.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_8_1(void)
{
    return PyModuleDef_Init(&definition);
}
