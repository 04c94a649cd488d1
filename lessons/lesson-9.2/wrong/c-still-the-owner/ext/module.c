/* tpl by hand: texts that C allocates are copied and freed at once, or kept
 * by an object whose dealloc frees them. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "tpl.h"

typedef struct {
    PyObject_HEAD
    char *text; /* owned; NULL before there is one, and after release */
} TextObject;

/* Parses the arguments of expand and Text. The caller owns *text; -1 with an
 * exception set, and *text as it was. */
static int new_text(PyObject *args, PyObject *kwargs, char **text)
{
    static char *names[] = {"pattern", "value", "limit", NULL};
    const char *pattern, *value; /* borrowed from args */
    long long limit = INT64_MAX;
    int code;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "ss|L", names, &pattern,
                                     &value, &limit))
        return -1;
    code = tpl_expand(pattern, value, limit, text);
    if (code == TPL_E_MEMORY)
        PyErr_NoMemory();
    else if (code != TPL_OK)
        PyErr_Format(PyExc_ValueError, "expand: '%s' with limit %lld (code %d)",
                     pattern, limit, code);
    return code == TPL_OK ? 0 : -1;
}

static PyObject *expand(PyObject *module, PyObject *args, PyObject *kwargs)
{
    char *text; /* owned */
    PyObject *copy;

    (void)module;
    if (new_text(args, kwargs, &text) < 0)
        return NULL;
    copy = PyUnicode_FromString(text); /* NULL if it is not UTF-8 */
    tpl_free(text);
    return copy;
}

static PyObject *sign(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyUnicode_FromString(tpl_sign());
}

static PyObject *text_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    TextObject *self = (TextObject *)type->tp_alloc(type, 0); /* zeroed */

    if (self == NULL)
        return NULL;
    if (new_text(args, kwargs, &self->text) < 0) {
        Py_DECREF(self); /* text_dealloc finds NULL */
        return NULL;
    }
    return (PyObject *)self;
}

static PyObject *text_release(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    tpl_free(((TextObject *)self)->text);
    return Py_BuildValue("");
}

static void text_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    tpl_free(((TextObject *)self)->text);
    type->tp_free(self);
    Py_DECREF(type); /* instances of a heap type own a reference to it */
}

/* Returns the text, which self goes on to own; NULL with an exception set. */
static const char *text_own(PyObject *self)
{
    const char *text = ((TextObject *)self)->text;

    if (text == NULL)
        PyErr_SetString(PyExc_ValueError, "the text is released");
    return text;
}

static PyObject *text_read(PyObject *self, PyObject *ignored)
{
    const char *text = text_own(self);

    (void)ignored;
    return text == NULL ? NULL : PyUnicode_FromString(text);
}

static Py_ssize_t text_length(PyObject *self)
{
    const char *text = text_own(self);

    return text == NULL ? -1 : (Py_ssize_t)tpl_length(text);
}

static PyMethodDef text_methods[] = {
    {"release", text_release, METH_NOARGS, "Free the text now."},
    {"read", text_read, METH_NOARGS, "Return a copy of the text."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot text_slots[] = {
    {Py_tp_doc, (void *)"A letter that stays in C until it is released."},
    {Py_tp_new, text_new},
    {Py_tp_dealloc, text_dealloc},
    {Py_tp_methods, text_methods},
    {Py_sq_length, text_length},
    {0, NULL},
};

static PyType_Spec text_spec = {
    .name = "_lesson_9_2.Text",
    .basicsize = sizeof(TextObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = text_slots,
};

static PyObject *alive(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLongLong(tpl_alive());
}

static PyObject *allocated(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLongLong(tpl_bytes());
}

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&text_spec);

    if (type == NULL)
        return -1;
    if (PyModule_AddObject(module, "Text", type) < 0) {
        Py_DECREF(type);
        return -1;
    }
    return 0;
}

static PyMethodDef module_methods[] = {
    {"expand", (PyCFunction)(void (*)(void))expand,
     METH_VARARGS | METH_KEYWORDS, "Return pattern with value in it."},
    {"sign", sign, METH_NOARGS, "Return what stands for the value."},
    {"alive", alive, METH_NOARGS, "Return how many texts are not freed."},
    {"allocated", allocated, METH_NOARGS, "Return how many bytes they have."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_9_2",
    .m_doc = "Letters from templates.",
    .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__lesson_9_2(void)
{
    return PyModuleDef_Init(&module_def);
}
