/* packet as a hand-written extension module: the compiler knows every bit.
 * It also cuts every value to its bits, and that is what is checked here.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <limits.h>
#include <string.h>

#include "packet.h"

/* Which argument of which operation is looked at, for the messages. */
struct place {
    const char *operation;
    const char *name;
};

static int refuse(struct place at, PyObject *kind, const char *why)
{
    PyErr_Format(kind, "%s: %s %s", at.operation, at.name, why);
    return -1;
}

/* Stores an integer from `low` to `high` in *out; -1 with an exception. */
static int number(struct place at, PyObject *value, long long low,
                  long long high, long long *out)
{
    PyObject *whole = PyNumber_Index(value);
    int overflow;

    if (whole == NULL && PyErr_ExceptionMatches(PyExc_TypeError))
        return refuse(at, PyExc_TypeError, "is no integer");
    if (whole == NULL)
        return -1;
    *out = PyLong_AsLongLongAndOverflow(whole, &overflow);
    Py_DECREF(whole);
    if (overflow != 0 || *out < low || *out > high)
        return refuse(at, PyExc_OverflowError, "does not fit");
    return 0;
}

/* Stores a kind in *out and returns its name; NULL with an exception. */
static const char *known(const char *operation, PyObject *value,
                         packet_kind *out)
{
    struct place at = {operation, "kind"};
    const char *name;
    long long kind;

    if (number(at, value, 0, UINT_MAX, &kind) < 0)
        return NULL;
    *out = (packet_kind)kind;
    name = packet_kind_name(*out);
    if (name == NULL)
        refuse(at, PyExc_ValueError, "is unknown");
    return name;
}

/* Stores the header of a packet in *out; -1 with an exception. A bit-field
 * takes the lower bits of whatever it is given, so each is looked at first.
 */
static int fill(packet_kind kind, Py_ssize_t length, PyObject *priority,
                PyObject *hops, packet_header *out)
{
    out->version = PACKET_VERSION;
    out->kind = (unsigned)kind;
    out->length = (unsigned)length;
    out->priority = priority ? (unsigned)PyLong_AsLong(priority) : 0;
    out->hops = hops ? (uint8_t)PyLong_AsLong(hops) : 0;
    if (PyErr_Occurred())
        return -1;
    return 0;
}

/* Lets *data point to what belongs behind the header: into `value`, or to
 * *room, which the caller owns. Returns its length, or -1 with an exception.
 */
static Py_ssize_t payload(packet_kind kind, PyObject *value, packet_value *room,
                          const void **data)
{
    struct place at = {"build", "value"};
    long long whole;

    *data = room;
    if (kind == PACKET_NUMBER) {
        if (number(at, value, INT64_MIN, INT64_MAX, &whole) < 0)
            return -1;
        room->number = whole;
        return (Py_ssize_t)sizeof *room;
    }
    if (kind == PACKET_REAL && PyFloat_Check(value)) {
        room->real = PyFloat_AS_DOUBLE(value);
        return (Py_ssize_t)sizeof *room;
    }
    if (kind == PACKET_TEXT && PyBytes_Check(value)) {
        *data = PyBytes_AS_STRING(value);
        return PyBytes_GET_SIZE(value);
    }
    return refuse(at, PyExc_TypeError, "does not belong to this kind");
}

static PyObject *py_name(PyObject *self, PyObject *value)
{
    packet_kind kind;
    const char *name = known("name", value, &kind);

    (void)self;
    return name == NULL ? NULL : PyUnicode_FromString(name);
}

static PyObject *py_build(PyObject *self, PyObject *args, PyObject *kwargs)
{
    static char *keywords[] = {"kind", "value", "priority", "hops", NULL};
    PyObject *kind_object, *value, *priority = NULL, *hops = NULL;
    PyObject *built = NULL;
    packet_kind kind;
    packet_header header;
    packet_value room;
    const void *data;
    Py_ssize_t length;
    packet *made;

    (void)self;
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO|OO:build", keywords,
                                     &kind_object, &value, &priority, &hops) ||
        known("build", kind_object, &kind) == NULL)
        return NULL;
    length = payload(kind, value, &room, &data);
    if (length < 0 || fill(kind, length, priority, hops, &header) < 0)
        return NULL;
    made = PyMem_Malloc(sizeof *made + (size_t)length);
    if (made == NULL)
        return PyErr_NoMemory();
    made->header = header;
    memcpy(made->payload, data, (size_t)length);
    made->sum = packet_sum(made);
    built = PyBytes_FromStringAndSize((const char *)made,
                                      (Py_ssize_t)sizeof *made + length);
    PyMem_Free(made);
    return built;
}

/* The value behind the header, as the kind says. */
static PyObject *value_of(const packet *of)
{
    packet_value value;

    if (of->header.kind == PACKET_TEXT)
        return PyBytes_FromStringAndSize((const char *)of->payload,
                                         of->header.length);
    memcpy(&value, of->payload, sizeof value);
    return of->header.kind == PACKET_NUMBER ? PyLong_FromLongLong(value.number)
                                            : PyFloat_FromDouble(value.real);
}

static PyObject *py_parse(PyObject *self, PyObject *data)
{
    PyObject *fields = NULL;
    packet *copy;
    size_t size;
    int code;

    (void)self;
    if (!PyBytes_Check(data)) {
        refuse((struct place){"parse", "data"}, PyExc_TypeError, "is no bytes");
        return NULL;
    }
    size = (size_t)PyBytes_GET_SIZE(data);
    /* A copy: bytes may lie at any address, a packet may not. */
    copy = PyMem_Malloc(size + sizeof *copy);
    if (copy == NULL)
        return PyErr_NoMemory();
    memcpy(copy, PyBytes_AS_STRING(data), size);
    code = packet_check(copy, size);
    if (code != 0)
        PyErr_Format(PyExc_ValueError, "parse: code %d for data", code);
    else
        fields = Py_BuildValue("{s:i,s:i,s:i,s:N}", "kind", copy->header.kind,
                               "priority", copy->header.priority, "hops",
                               copy->header.hops, "value", value_of(copy));
    PyMem_Free(copy);
    return fields;
}

static PyObject *py_mapped(PyObject *self, PyObject *args)
{
    const char *data;
    Py_ssize_t size;
    packet_header header;

    (void)self;
    if (!PyArg_ParseTuple(args, "y#:mapped", &data, &size))
        return NULL;
    if (size < (Py_ssize_t)sizeof header)
        return PyErr_Format(PyExc_ValueError, "mapped: %zd bytes are no header",
                            size);
    memcpy(&header, data, sizeof header);
    return Py_BuildValue("[iiiii]", header.version, header.kind, header.length,
                         header.priority, header.hops);
}

static PyMethodDef methods[] = {
    {"name", py_name, METH_O, "What C calls a kind."},
    {"build", (PyCFunction)(void (*)(void))py_build,
     METH_VARARGS | METH_KEYWORDS, "A packet as bytes."},
    {"parse", py_parse, METH_O, "The fields of a packet."},
    {"mapped", py_mapped, METH_VARARGS, "The header, bit by bit."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_8_4",
    .m_doc = "Packets of a small device.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_8_4(void)
{
    return PyModuleDef_Init(&module);
}
