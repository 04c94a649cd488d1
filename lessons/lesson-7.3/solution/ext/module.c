/* tiles as a hand-written extension module: the compiler reads tiles.h. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "tiles.h"

/* A wrong copy of `tile`, y before x. tiles.h cannot contradict it: no
 * compiler compares two types with different names.
 */
typedef struct {
    int32_t y;
    int32_t x;
    double side;
} swapped_tile;

static PyObject *py_add(PyObject *self, PyObject *args)
{
    int a, b;

    (void)self;
    if (!PyArg_ParseTuple(args, "ii:add", &a, &b))
        return NULL;
    return PyLong_FromLong(add(a, b));
}

static PyObject *py_area(PyObject *self, PyObject *args)
{
    tile of;

    (void)self;
    if (!PyArg_ParseTuple(args, "(iid):area", &of.x, &of.y, &of.side))
        return NULL;
    return PyFloat_FromDouble(tile_area(&of));
}

static PyObject *py_steps(PyObject *self, PyObject *args)
{
    tile from, to;

    (void)self;
    if (!PyArg_ParseTuple(args, "(iid)(iid):steps", &from.x, &from.y,
                          &from.side, &to.x, &to.y, &to.side))
        return NULL;
    return PyLong_FromLongLong(tile_steps(&from, &to));
}

static PyObject *py_refine(PyObject *self, PyObject *args)
{
    tile of, out;
    int factor;

    (void)self;
    if (!PyArg_ParseTuple(args, "(iid)i:refine", &of.x, &of.y, &of.side,
                          &factor))
        return NULL;
    if (tile_refine(&of, factor, &out) != 0) {
        PyErr_Format(PyExc_ValueError, "refine: no tile divided by %d", factor);
        return NULL;
    }
    return Py_BuildValue("iid", out.x, out.y, out.side);
}

static PyObject *py_misread(PyObject *self, PyObject *args)
{
    tile of;
    swapped_tile wrong;

    (void)self;
    if (!PyArg_ParseTuple(args, "(iid):misread", &of.x, &of.y, &of.side))
        return NULL;
    memcpy(&wrong, &of, sizeof wrong);
    return Py_BuildValue("iid", wrong.x, wrong.y, wrong.side);
}

static PyMethodDef methods[] = {
    {"add", py_add, METH_VARARGS, "Return a + b."},
    {"area", py_area, METH_VARARGS, "Return the area of a tile."},
    {"steps", py_steps, METH_VARARGS, "Return the steps between two tiles."},
    {"refine", py_refine, METH_VARARGS, "Return the first smaller tile."},
    {"misread", py_misread, METH_VARARGS, "Read a tile as something else."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {
    {0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_7_3",
    .m_doc = "Square tiles of a map.",
    .m_size = 0,
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_7_3(void)
{
    return PyModuleDef_Init(&module);
}
