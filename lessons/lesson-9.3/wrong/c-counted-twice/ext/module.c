/* tok by hand: readers and tokens own references to the text of the caller,
 * into which they point. Only exact bytes are taken: an object of a subclass
 * could refer back to its reader, and such a cycle would never end. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "tok.h"

typedef struct {
    PyObject_HEAD
    const char *start; /* borrowed: points into text */
    int64_t size;
    PyObject *text; /* owned: the keepalive */
} TokenObject;

typedef struct {
    PyObject_HEAD
    tok_reader *reader; /* owned; NULL after close */
    PyObject *text;     /* owned as long as reader is open */
} ReaderObject;

typedef struct {
    PyTypeObject *token; /* owned */
} State;

static PyObject *token_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    (void)args;
    (void)kwargs;
    return PyErr_Format(PyExc_TypeError, "%s comes from a reader only",
                        type->tp_name);
}

static PyObject *token_read(PyObject *self, PyObject *ignored)
{
    TokenObject *token = (TokenObject *)self;

    (void)ignored;
    return PyBytes_FromStringAndSize(token->start, (Py_ssize_t)token->size);
}

static PyObject *token_address(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return PyLong_FromVoidPtr((void *)(uintptr_t)((TokenObject *)self)->start);
}

static Py_ssize_t token_length(PyObject *self)
{
    return (Py_ssize_t)((TokenObject *)self)->size;
}

static void token_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    Py_XDECREF(((TokenObject *)self)->text);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyObject *reader_new(PyTypeObject *type, PyObject *args,
                            PyObject *kwargs)
{
    static char *names[] = {"text", "separators", NULL};
    PyObject *text; /* borrowed from args, which end with this call */
    const char *separators = " ";
    ReaderObject *self;
    int code;

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "O|y", names, &text,
                                     &separators))
        return NULL;
    if (!PyBytes_CheckExact(text))
        return PyErr_Format(PyExc_TypeError, "open: text must be bytes");
    self = (ReaderObject *)type->tp_alloc(type, 0); /* zeroed */
    if (self == NULL)
        return NULL;
    code = tok_open(PyBytes_AS_STRING(text), PyBytes_GET_SIZE(text), separators,
                    &self->reader);
    if (code != TOK_OK) {
        Py_DECREF(self); /* reader_dealloc finds NULL twice */
        if (code == TOK_E_MEMORY)
            return PyErr_NoMemory();
        return PyErr_Format(PyExc_ValueError,
                            "open: separators b'%s' (code %d)", separators,
                            code);
    }
    Py_INCREF(text);
    self->text = Py_BuildValue("O", text);
    return (PyObject *)self;
}

static PyObject *reader_next(PyObject *object, PyObject *ignored)
{
    ReaderObject *self = (ReaderObject *)object;
    State *state = PyType_GetModuleState(Py_TYPE(object));
    const char *start;
    int64_t size;
    TokenObject *token;

    (void)ignored;
    if (state == NULL)
        return NULL;
    if (self->reader == NULL)
        return PyErr_Format(PyExc_ValueError, "next: the reader is closed");
    if (tok_next(self->reader, &start, &size) != TOK_OK)
        return Py_BuildValue("");
    token = (TokenObject *)state->token->tp_alloc(state->token, 0);
    if (token == NULL)
        return NULL;
    token->start = start;
    token->size = size;
    Py_INCREF(self->text); /* the reader may go before the token does */
    token->text = self->text;
    return (PyObject *)token;
}

static PyObject *reader_left(PyObject *object, PyObject *ignored)
{
    ReaderObject *self = (ReaderObject *)object;

    (void)ignored;
    if (self->reader == NULL)
        return PyErr_Format(PyExc_ValueError, "left: the reader is closed");
    return PyLong_FromLongLong(tok_left(self->reader));
}

static PyObject *reader_close(PyObject *object, PyObject *ignored)
{
    ReaderObject *self = (ReaderObject *)object;

    (void)ignored;
    tok_close(self->reader);
    self->reader = NULL;
    Py_CLEAR(self->text); /* after C; tokens own references of their own */
    return Py_BuildValue("");
}

static void reader_dealloc(PyObject *object)
{
    ReaderObject *self = (ReaderObject *)object;
    PyTypeObject *type = Py_TYPE(object);

    tok_close(self->reader);
    Py_XDECREF(self->text);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMethodDef token_methods[] = {
    {"read", token_read, METH_NOARGS, "Return a copy of the token."},
    {"address", token_address, METH_NOARGS, "Return where it starts."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot token_slots[] = {
    {Py_tp_doc, (void *)"A part of a text, which is not copied before read."},
    {Py_tp_new, token_new},
    {Py_tp_dealloc, token_dealloc},
    {Py_tp_methods, token_methods},
    {Py_sq_length, token_length},
    {0, NULL},
};

static PyType_Spec token_spec = {
    .name = "_lesson_9_3.Token",
    .basicsize = sizeof(TokenObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = token_slots,
};

static PyMethodDef reader_methods[] = {
    {"next", reader_next, METH_NOARGS, "Return the next token, or None."},
    {"left", reader_left, METH_NOARGS, "Return how many bytes are not read."},
    {"close", reader_close, METH_NOARGS, "Close it and let go of the text."},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot reader_slots[] = {
    {Py_tp_doc, (void *)"Reads tokens; bytes only, which never move."},
    {Py_tp_new, reader_new},
    {Py_tp_dealloc, reader_dealloc},
    {Py_tp_methods, reader_methods},
    {0, NULL},
};

static PyType_Spec reader_spec = {
    .name = "_lesson_9_3.Reader",
    .basicsize = sizeof(ReaderObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = reader_slots,
};

static PyObject *alive(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLongLong(tok_alive());
}

static int module_exec(PyObject *module)
{
    State *state = PyModule_GetState(module);
    PyObject *token, *reader;

    token = PyType_FromModuleAndSpec(module, &token_spec, NULL);
    if (token == NULL)
        return -1;
    state->token = (PyTypeObject *)token;
    reader = PyType_FromModuleAndSpec(module, &reader_spec, NULL);
    if (reader == NULL)
        return -1;
    if (PyModule_AddObject(module, "Reader", reader) < 0) {
        Py_DECREF(reader);
        return -1;
    }
    return 0;
}

static int module_traverse(PyObject *module, visitproc visit, void *arg)
{
    State *state = PyModule_GetState(module);

    if (state != NULL)
        Py_VISIT(state->token);
    return 0;
}

static int module_clear(PyObject *module)
{
    State *state = PyModule_GetState(module);

    if (state != NULL)
        Py_CLEAR(state->token);
    return 0;
}

static PyMethodDef module_methods[] = {
    {"alive", alive, METH_NOARGS, "Return how many readers are open in C."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_9_3",
    .m_doc = "Tokens that point into the text of the caller.",
    .m_size = sizeof(State),
    .m_methods = module_methods,
    .m_slots = module_slots,
    .m_traverse = module_traverse,
    .m_clear = module_clear,
};

PyMODINIT_FUNC PyInit__lesson_9_3(void)
{
    return PyModuleDef_Init(&module_def);
}
