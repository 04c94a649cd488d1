/* A ring is an object that lends its slots: it speaks the buffer protocol. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "ring.h"

// region: object
typedef struct {
    PyObject_HEAD
    ring *ring;           /* owned */
    Py_ssize_t layout[2]; /* shape and strides of views; fixed while lent */
} RingObject;
// endregion

static ring *ring_of(PyObject *self)
{
    return ((RingObject *)self)->ring;
}

/* Returns 0; or -1 with an exception for a code below 0, which names operation
 * and object. */
static int check(const char *operation, int code, Py_ssize_t slots)
{
    PyObject *kind = code == RING_E_LENT     ? PyExc_BufferError
                     : code == RING_E_MEMORY ? PyExc_MemoryError
                                             : PyExc_ValueError;

    if (code == RING_OK)
        return 0;
    PyErr_Format(kind, "%s: %s (code %d): ring of %zd slots", operation,
                 ring_text(code), code, slots);
    return -1;
}

static PyObject *none_or_error(const char *operation, int code, PyObject *self)
{
    Py_ssize_t slots = (Py_ssize_t)ring_capacity(ring_of(self));

    return check(operation, code, slots) < 0 ? NULL : Py_BuildValue("");
}

// region: taking
/* Borrows the memory of `object`, which cannot be resized until *view is
 * released: items of format h without gaps. Returns 0; or -1 with an
 * exception, and nothing to release.
 */
static int take(const char *operation, PyObject *object, int writable,
                Py_buffer *view)
{
    if (!PyObject_CheckBuffer(object)) {
        PyErr_Format(PyExc_TypeError, "%s: no buffer, but %s", operation,
                     Py_TYPE(object)->tp_name);
        return -1;
    }
    // task: take
    if (PyObject_GetBuffer(object, view, PyBUF_RECORDS_RO) < 0)
        return -1;
    const char *format = view->format == NULL ? "B" : view->format;
    if (strcmp(format, "h") != 0)
        PyErr_Format(PyExc_TypeError, "%s: items %s, not h", operation, format);
    else if (writable && view->readonly)
        PyErr_Format(PyExc_BufferError, "%s: the buffer is read-only",
                     operation);
    else if (!PyBuffer_IsContiguous(view, 'C'))
        PyErr_Format(PyExc_BufferError, "%s: the buffer has gaps", operation);
    else
        return 0; /* the caller releases it */
    PyBuffer_Release(view);
    return -1;
    // starter:
    //| /* TODO 1: PyBUF_SIMPLE asks for bytes, and tells nothing of items. Ask
    //|  * for format and strides, and look: other items than h are a TypeError;
    //|  * read-only where C writes, or gaps, a BufferError. Each text begins
    //|  * with the operation and a colon. */
    //| (void)writable;
    //| return PyObject_GetBuffer(object, view, PyBUF_SIMPLE);
    // endtask
}
// endregion

// region: lending
/* Fills *view for whoever asks for our memory. What `flags` does not ask for
 * has to be NULL. */
static int ring_getbuffer(PyObject *self, Py_buffer *view, int flags)
{
    RingObject *me = (RingObject *)self;

    me->layout[0] = (Py_ssize_t)ring_capacity(me->ring);
    me->layout[1] = sizeof(int16_t);
    view->itemsize = sizeof(int16_t);
    view->readonly = 0;
    view->ndim = 1;
    view->suboffsets = NULL;
    view->internal = NULL;
    // task: lend
    view->buf = ring_lend(me->ring);
    view->len = me->layout[0] * view->itemsize; /* bytes */
    view->format = flags & PyBUF_FORMAT ? "h" : NULL;
    view->shape = flags & PyBUF_ND ? &me->layout[0] : NULL;
    view->strides =
        (flags & PyBUF_STRIDES) == PyBUF_STRIDES ? &me->layout[1] : NULL;
    Py_INCREF(self);
    view->obj = self; /* owned by the view; PyBuffer_Release lets it go */
    return 0;
    // starter:
    //| /* TODO 2: lend the slots: where, how many bytes, in which format, and
    //|  * shape and strides, if asked. Who keeps the ring alive? Until then we
    //|  * refuse, which leaves NULL in view->obj. */
    //| (void)flags;
    //| view->obj = NULL;
    //| PyErr_SetString(PyExc_BufferError, "TODO: lend the slots");
    //| return -1;
    // endtask
}

/* A view has ended. Its reference is not ours to release. */
static void ring_releasebuffer(PyObject *self, Py_buffer *view)
{
    (void)view;
    // task: return
    (void)ring_return(ring_of(self));
    // starter:
    //| /* TODO 3: end the loan. */
    //| (void)self;
    // endtask
}
// endregion

static PyObject *ring_py_view(PyObject *self, PyObject *ignored)
{
    (void)ignored;
    return PyMemoryView_FromObject(self);
}

static PyObject *ring_py_write(PyObject *self, PyObject *samples)
{
    Py_buffer view;
    int code;

    if (take("write", samples, 0, &view) < 0)
        return NULL;
    code = ring_write(ring_of(self), view.buf, (size_t)(view.len / 2));
    PyBuffer_Release(&view);
    return none_or_error("write", code, self);
}

static PyObject *ring_py_read_into(PyObject *self, PyObject *out)
{
    Py_buffer view;
    int code;

    if (take("read_into", out, 1, &view) < 0)
        return NULL;
    code = ring_read(ring_of(self), view.buf, (size_t)(view.len / 2));
    PyBuffer_Release(&view);
    return none_or_error("read_into", code, self);
}

static PyObject *ring_py_read(PyObject *self, PyObject *ignored)
{
    size_t count = ring_count(ring_of(self));
    PyObject *copy =
        PyBytes_FromStringAndSize(NULL, (Py_ssize_t)count * 2); /* owned */

    (void)ignored;
    if (copy != NULL)
        (void)ring_read(ring_of(self), (void *)PyBytes_AS_STRING(copy), count);
    return copy;
}

static PyObject *ring_py_resize(PyObject *self, PyObject *capacity)
{
    Py_ssize_t slots = PyNumber_AsSsize_t(capacity, PyExc_OverflowError);

    if (slots == -1 && PyErr_Occurred())
        return NULL;
    /* C refuses 0, and has no number below. */
    return none_or_error(
        "resize", ring_resize(ring_of(self), slots < 0 ? 0 : (size_t)slots),
        self);
}

static PyObject *ring_py_new(PyTypeObject *type, PyObject *args,
                             PyObject *kwargs)
{
    static char *names[] = {"capacity", NULL};
    Py_ssize_t slots;
    PyObject *self; /* owned */

    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "n:Ring", names, &slots))
        return NULL;
    self = type->tp_alloc(type, 0); /* zeroed */
    if (self == NULL)
        return NULL;
    if (check("Ring",
              ring_new(slots < 0 ? 0 : (size_t)slots,
                       &((RingObject *)self)->ring),
              slots) < 0)
        Py_CLEAR(self);
    return self;
}

static void ring_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);

    /* Each view owns a reference to self, so none is out. */
    if (ring_of(self) != NULL)
        (void)ring_free(ring_of(self));
    type->tp_free(self);
    Py_DECREF(type);
}

static Py_ssize_t ring_length(PyObject *self)
{
    return (Py_ssize_t)ring_count(ring_of(self));
}

static PyObject *ring_get_capacity(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromSize_t(ring_capacity(ring_of(self)));
}

static PyObject *ring_get_lent(PyObject *self, void *closure)
{
    (void)closure;
    return PyLong_FromSize_t(ring_lent(ring_of(self)));
}

static PyGetSetDef ring_getset[] = {
    {"capacity", ring_get_capacity, NULL, "How many slots there are.", NULL},
    {"lent", ring_get_lent, NULL, "Loans that have not come back.", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

static PyMethodDef ring_methods[] = {
    {"write", ring_py_write, METH_O, "Copy samples in, all or none."},
    {"read_into", ring_py_read_into, METH_O, "Fill a writable buffer."},
    {"read", ring_py_read, METH_NOARGS, "Return all samples as bytes."},
    {"resize", ring_py_resize, METH_O, "Move the samples to new slots."},
    {"view", ring_py_view, METH_NOARGS, "Lend all slots."},
    {NULL, NULL, 0, NULL},
};

// region: slots
static PyType_Slot ring_slots[] = {
    {Py_bf_getbuffer, ring_getbuffer},
    {Py_bf_releasebuffer, ring_releasebuffer},
    {Py_tp_doc, (void *)"A ring of 16-bit samples."},
    {Py_tp_new, ring_py_new},
    {Py_tp_dealloc, ring_dealloc},
    {Py_tp_getset, ring_getset},
    {Py_tp_methods, ring_methods},
    {Py_sq_length, ring_length},
    {0, NULL},
};
// endregion

static PyType_Spec ring_spec = {
    .name = "_lesson_9_5.Ring",
    .basicsize = sizeof(RingObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE,
    .slots = ring_slots,
};

static PyObject *bytes_held(PyObject *module, PyObject *ignored)
{
    (void)module;
    (void)ignored;
    return PyLong_FromLongLong(ring_bytes());
}

static int module_exec(PyObject *module)
{
    PyObject *type = PyType_FromSpec(&ring_spec);

    if (type == NULL)
        return -1;
    if (PyModule_AddObject(module, "Ring", type) < 0) {
        Py_DECREF(type);
        return -1;
    }
    return 0;
}

static PyMethodDef module_methods[] = {
    {"bytes_held", bytes_held, METH_NOARGS, "Bytes that all rings have in C."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot module_slots[] = {
    {Py_mod_exec, module_exec},
    {0, NULL},
};

static struct PyModuleDef module_def = {
    PyModuleDef_HEAD_INIT,        .m_name = "_lesson_9_5",
    .m_doc = "Rings of samples.", .m_methods = module_methods,
    .m_slots = module_slots,
};

PyMODINIT_FUNC PyInit__lesson_9_5(void)
{
    return PyModuleDef_Init(&module_def);
}
