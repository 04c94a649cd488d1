/* geometry as a hand-written extension module: the compiler reads
 * geometry.h, so no layout is written down twice. What is left to do is to
 * look at every field before C sees one.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stddef.h>
#include <string.h>

#include "geometry.h"

/* Where a value comes from, for the messages: `join: a`, `.tag`. */
struct place {
    const char *operation;
    const char *argument;
    const char *field;
};

static int refuse(struct place at, PyObject *kind, const char *why)
{
    PyErr_Format(kind, "%s: %s%s %s", at.operation, at.argument, at.field, why);
    return -1;
}

/* Stores a pair of numbers in *out; -1 with TypeError if it is none. */
static int point(struct place at, PyObject *value, geometry_point *out)
{
    PyObject *pair = PySequence_Tuple(value);
    int fine = pair != NULL && PyArg_ParseTuple(pair, "dd", &out->x, &out->y);

    Py_XDECREF(pair);
    if (fine)
        return 0;
    if (!PyErr_ExceptionMatches(PyExc_TypeError))
        return -1;
    return refuse(at, PyExc_TypeError, "is no pair of numbers");
}

/* Stores an integer from 0 to `high` in *out; -1 with an exception set. */
static int number(struct place at, PyObject *value, long high, long *out)
{
    PyObject *whole = PyNumber_Index(value);
    int overflow;

    if (whole == NULL && PyErr_ExceptionMatches(PyExc_TypeError))
        return refuse(at, PyExc_TypeError, "is no integer");
    if (whole == NULL)
        return -1;
    *out = PyLong_AsLongAndOverflow(whole, &overflow);
    Py_DECREF(whole);
    if (overflow != 0 || *out < 0 || *out > high)
        return refuse(at, PyExc_OverflowError, "does not fit");
    return 0;
}

/* Stores a dict as a box in *out; -1 with an exception, and a box that no C
 * function may see, if anything about it is wrong.
 */
static int box(const char *operation, const char *argument, PyObject *value,
               geometry_box *out)
{
    struct place at = {operation, argument, ""};
    const char *const names[] = {"layer", "low", "high", "tag"};
    PyObject *fields[4] = {NULL, NULL, NULL, NULL}; /* borrowed */
    int known = PyDict_Check(value) && PyDict_GET_SIZE(value) == 4;
    long layer, tag;

    for (int i = 0; known && i < 4; i++)
        known = (fields[i] = PyDict_GetItemString(value, names[i])) != NULL;
    if (!known)
        return refuse(at, PyExc_TypeError,
                      "needs exactly layer, low, high and tag");
    at.field = ".layer";
    if (number(at, fields[0], UINT8_MAX, &layer) < 0)
        return -1;
    at.field = ".low";
    if (point(at, fields[1], &out->low) < 0)
        return -1;
    at.field = ".high";
    if (point(at, fields[2], &out->high) < 0)
        return -1;
    at.field = ".tag";
    if (number(at, fields[3], UINT16_MAX, &tag) < 0)
        return -1;
    out->layer = (uint8_t)layer;
    out->tag = (uint16_t)tag;
    return 0;
}

/* The box as a dict, or ValueError for a code of geometry.h. */
static PyObject *result(const char *operation, int status,
                        const geometry_box *of, const char *what)
{
    if (status != 0)
        return PyErr_Format(PyExc_ValueError, "%s: code %d for %s", operation,
                            status, what);
    return Py_BuildValue("{s:i,s:(dd),s:(dd),s:i}", "layer", of->layer, "low",
                         of->low.x, of->low.y, "high", of->high.x, of->high.y,
                         "tag", of->tag);
}

static int two_points(PyObject *args, const char *operation, geometry_point *a,
                      geometry_point *b)
{
    PyObject *first, *second;

    if (!PyArg_UnpackTuple(args, operation, 2, 2, &first, &second) ||
        point((struct place){operation, "a", ""}, first, a) < 0)
        return -1;
    return point((struct place){operation, "b", ""}, second, b);
}

static PyObject *py_area(PyObject *self, PyObject *args)
{
    geometry_point a, b;

    (void)self;
    if (two_points(args, "area", &a, &b) < 0)
        return NULL;
    return PyFloat_FromDouble(geometry_area(a, b));
}

static PyObject *py_middle(PyObject *self, PyObject *args)
{
    geometry_point a, b, middle;

    (void)self;
    if (two_points(args, "middle", &a, &b) < 0)
        return NULL;
    middle = geometry_middle(a, b);
    return Py_BuildValue("dd", middle.x, middle.y);
}

static PyObject *py_join(PyObject *self, PyObject *args)
{
    PyObject *first, *second;
    geometry_box a, b, out;

    (void)self;
    if (!PyArg_UnpackTuple(args, "join", 2, 2, &first, &second) ||
        box("join", "a", first, &a) < 0 || box("join", "b", second, &b) < 0)
        return NULL;
    return result("join", geometry_join(&a, &b, &out), &out, "a and b");
}

static PyObject *py_read(PyObject *self, PyObject *args)
{
    geometry_record record;
    geometry_box out;
    Py_buffer data;
    Py_ssize_t size;
    char what[40];

    (void)self;
    if (!PyArg_ParseTuple(args, "y*:read", &data))
        return NULL;
    size = data.len;
    if (size == (Py_ssize_t)sizeof record)
        memcpy(&record, data.buf, sizeof record);
    PyBuffer_Release(&data);
    if (size != (Py_ssize_t)sizeof record)
        return PyErr_Format(PyExc_ValueError,
                            "read: record of %zd bytes, not %zu", size,
                            sizeof record);
    PyOS_snprintf(what, sizeof what, "record %u on layer %u", record.tag,
                  record.layer);
    return result("read", geometry_read(&record, &out), &out, what);
}

#define AT(type, field) #field, (Py_ssize_t)offsetof(geometry_##type, field)
/* How far a type lies behind one byte is what it must be aligned to. */
#define SIZE(type)                                                             \
    "size", (Py_ssize_t)sizeof(geometry_##type), "align",                      \
        (Py_ssize_t)offsetof(                                                  \
            struct {                                                           \
                char one;                                                      \
                geometry_##type of;                                            \
            },                                                                 \
            of),                                                               \
        "offsets"

static PyObject *py_layout(PyObject *self, PyObject *ignored)
{
    (void)self;
    (void)ignored;
    return Py_BuildValue(
        "{s:{s:n,s:n,s:{s:n,s:n}},s:{s:n,s:n,s:{s:n,s:n,s:n,s:n}},"
        "s:{s:n,s:n,s:{s:n,s:n,s:n,s:n,s:n,s:n}}}",
        "point", SIZE(point), AT(point, x), AT(point, y), "box", SIZE(box),
        AT(box, layer), AT(box, low), AT(box, high), AT(box, tag), "record",
        SIZE(record), AT(record, layer), AT(record, left), AT(record, bottom),
        AT(record, right), AT(record, top), AT(record, tag));
}

static PyMethodDef methods[] = {
    {"layout", py_layout, METH_NOARGS, "Size, alignment and offsets."},
    {"area", py_area, METH_VARARGS, "The area between two corners."},
    {"middle", py_middle, METH_VARARGS, "The point halfway."},
    {"join", py_join, METH_VARARGS, "The smallest box around two boxes."},
    {"read", py_read, METH_VARARGS, "The box that a record describes."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_8_3",
    .m_doc = "Points and boxes of a drawing.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_8_3(void)
{
    return PyModuleDef_Init(&module);
}
