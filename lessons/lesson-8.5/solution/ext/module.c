/* text as a hand-written extension module: str and bytes in, str out. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "text.h"

#define FIRST_ROOM 16 /* Small, so that the room has to grow. */

// region: encoded
/* The bytes for C: borrowed from `text`, so they live as long as it does.
 * NULL, with an exception set, if there are none that C can read whole.
 */
static const char *encoded(const char *operation, PyObject *text)
{
    const char *data;
    Py_ssize_t size;

    if (PyUnicode_Check(text)) {
        data = PyUnicode_AsUTF8AndSize(text, &size);
        if (data == NULL)
            return NULL;
    } else if (PyBytes_Check(text)) {
        data = PyBytes_AS_STRING(text);
        size = PyBytes_GET_SIZE(text);
    } else {
        return (char *)PyErr_Format(PyExc_TypeError,
                                    "%s: str or bytes expected, not %s",
                                    operation, Py_TYPE(text)->tp_name);
    }
    if (strlen(data) != (size_t)size)
        return (char *)PyErr_Format(PyExc_ValueError, "%s: NUL at byte %zu: %R",
                                    operation, strlen(data), text);
    return data;
}
// endregion

static PyObject *refuse(const char *operation, int status, PyObject *text)
{
    return PyErr_Format(PyExc_ValueError, "%s: %s (status %d): %R", operation,
                        text_message(status), status, text);
}

static PyObject *py_count(PyObject *self, PyObject *text)
{
    const char *data = encoded("count", text);
    int64_t characters;

    (void)self;
    if (data == NULL)
        return NULL;
    characters = text_count(data);
    if (characters < 0)
        return refuse("count", (int)characters, text);
    return PyLong_FromLongLong(characters);
}

static PyObject *py_upper(PyObject *self, PyObject *text)
{
    const char *data = encoded("upper", text);
    PyObject *result;
    size_t size;
    char *copy;
    int status;

    (void)self;
    if (data == NULL)
        return NULL;
    /* What we borrow from a str or bytes nobody may change. */
    size = strlen(data) + 1;
    copy = PyMem_Malloc(size);
    if (copy == NULL)
        return PyErr_NoMemory();
    memcpy(copy, data, size);
    status = text_upper(copy);
    result =
        status < 0 ? refuse("upper", status, text) : PyUnicode_FromString(copy);
    PyMem_Free(copy);
    return result;
}

static PyObject *py_quote(PyObject *self, PyObject *text)
{
    const char *data = encoded("quote", text);
    // task: grow
    size_t length = FIRST_ROOM - 1;
    int status = TEXT_E_ROOM;
    PyObject *result = NULL;
    char *out = NULL;

    (void)self;
    if (data == NULL)
        return NULL;
    while (status == TEXT_E_ROOM) {
        char *larger = PyMem_Realloc(out, length + 1); /* One for the NUL. */

        if (larger == NULL) {
            PyErr_NoMemory();
            goto done; /* `out` is still ours. */
        }
        out = larger;
        status = text_quote(data, out, length + 1, &length);
    }
    result = status < 0 ? refuse("quote", status, text)
                        : PyUnicode_FromStringAndSize(out, (Py_ssize_t)length);
done:
    PyMem_Free(out);
    return result;
    // starter:
    // | char out[FIRST_ROOM];
    // | size_t length;
    // |
    // | (void)self;
    // | if (data == NULL)
    // |     return NULL;
    // | /* TODO: take memory of your own, as much as text_quote asks for; look
    // |  * at its status; give the memory back on every way out.
    // |  */
    // | text_quote(data, out, sizeof out, &length);
    // | return PyUnicode_FromString("");
    // endtask
}

static PyMethodDef methods[] = {
    {"count", py_count, METH_O, "How many characters a text has."},
    {"upper", py_upper, METH_O, "The text with a to z in upper case."},
    {"quote", py_quote, METH_O, "The text as one word for a POSIX shell."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_8_5",
    .m_doc = "Tools for text in UTF-8.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_8_5(void)
{
    return PyModuleDef_Init(&definition);
}
