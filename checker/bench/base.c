/*
 * What every cost is compared with: the functions of calls.h as an extension
 * module written by hand, each as a METH_FASTCALL function. `add` holds the
 * GIL while C runs; `add_released` is the same function and releases it, as
 * ctypes and CFFI do. A Point has T_DOUBLE members and is made by vectorcall.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <structmember.h>

#include <limits.h>

#include "calls.h"

typedef struct {
    PyObject_HEAD
    bench_point value;
} PointObject;

/* The module lives as long as the process, and so does its type. */
static PyTypeObject *point_type;

/* The Python function that a running bench_repeat or bench_sort calls. Such
   a run is never begun inside another one. */
static PyObject *callee;

#define BODY static inline __attribute__((always_inline)) PyObject *

/* Makes `name` and `name_released` from a body that is told which it is. */
#define BOTH(name)                                                             \
    static PyObject *name(PyObject *Py_UNUSED(module), PyObject *const *args,  \
                          Py_ssize_t count)                                    \
    {                                                                          \
        return name##_body(args, count, 0);                                    \
    }                                                                          \
    static PyObject *name##_released(PyObject *Py_UNUSED(module),              \
                                     PyObject *const *args, Py_ssize_t count)  \
    {                                                                          \
        return name##_body(args, count, 1);                                    \
    }

static inline PyThreadState *leave(int released)
{
    return released ? PyEval_SaveThread() : NULL;
}

static inline void enter(PyThreadState *state)
{
    if (state != NULL) {
        PyEval_RestoreThread(state);
    }
}

static int expect(Py_ssize_t count, Py_ssize_t wanted)
{
    if (count == wanted) {
        return 0;
    }
    PyErr_Format(PyExc_TypeError, "expected %zd arguments, got %zd", wanted,
                 count);
    return -1;
}

static int integer(PyObject *object, long smallest, long largest, long *value)
{
    *value = PyLong_AsLong(object);
    if (*value == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (*value < smallest || *value > largest) {
        PyErr_SetString(PyExc_OverflowError, "integer out of range");
        return -1;
    }
    return 0;
}

static int number(PyObject *object, double *value)
{
    *value = PyFloat_AsDouble(object);
    return *value == -1.0 && PyErr_Occurred() ? -1 : 0;
}

static int point(PyObject *object, bench_point **value)
{
    if (!PyObject_TypeCheck(object, point_type)) {
        PyErr_SetString(PyExc_TypeError, "expected a Point");
        return -1;
    }
    *value = &((PointObject *)object)->value;
    return 0;
}

BODY add_body(PyObject *const *args, Py_ssize_t count, int released)
{
    long a, b;
    if (expect(count, 2) < 0 || integer(args[0], INT_MIN, INT_MAX, &a) < 0 ||
        integer(args[1], INT_MIN, INT_MAX, &b) < 0) {
        return NULL;
    }
    PyThreadState *state = leave(released);
    int sum = bench_add((int)a, (int)b);
    enter(state);
    return PyLong_FromLong(sum);
}
BOTH(add)

BODY multiply_body(PyObject *const *args, Py_ssize_t count, int released)
{
    double a, b;
    if (expect(count, 2) < 0 || number(args[0], &a) < 0 ||
        number(args[1], &b) < 0) {
        return NULL;
    }
    PyThreadState *state = leave(released);
    double product = bench_multiply(a, b);
    enter(state);
    return PyFloat_FromDouble(product);
}
BOTH(multiply)

BODY mix_body(PyObject *const *args, Py_ssize_t count, int released)
{
    long a, e;
    double b, d;
    char *name;
    if (expect(count, 6) < 0 || integer(args[0], INT_MIN, INT_MAX, &a) < 0 ||
        number(args[1], &b) < 0) {
        return NULL;
    }
    long long c = PyLong_AsLongLong(args[2]);
    if ((c == -1 && PyErr_Occurred()) || number(args[3], &d) < 0 ||
        integer(args[4], 0, USHRT_MAX, &e) < 0 ||
        PyBytes_AsStringAndSize(args[5], &name, NULL) < 0) {
        return NULL;
    }
    PyThreadState *state = leave(released);
    double sum =
        bench_mix((int)a, b, c, (float)d, (unsigned short)e, name);
    enter(state);
    return PyFloat_FromDouble(sum);
}
BOTH(mix)

BODY length_body(PyObject *const *args, Py_ssize_t count, int released)
{
    char *text;
    if (expect(count, 1) < 0 ||
        PyBytes_AsStringAndSize(args[0], &text, NULL) < 0) {
        return NULL;
    }
    PyThreadState *state = leave(released);
    size_t length = bench_length(text);
    enter(state);
    return PyLong_FromSize_t(length);
}
BOTH(length)

static PyObject *new_point(bench_point value)
{
    PyObject *made = point_type->tp_alloc(point_type, 0);
    if (made != NULL) {
        ((PointObject *)made)->value = value;
    }
    return made;
}

BODY midpoint_body(PyObject *const *args, Py_ssize_t count, int released)
{
    bench_point *a, *b;
    if (expect(count, 2) < 0 || point(args[0], &a) < 0 ||
        point(args[1], &b) < 0) {
        return NULL;
    }
    PyThreadState *state = leave(released);
    bench_point middle = bench_midpoint(*a, *b);
    enter(state);
    return new_point(middle);
}
BOTH(midpoint)

BODY product_body(PyObject *const *args, Py_ssize_t count, int released)
{
    bench_point *value;
    if (expect(count, 1) < 0 || point(args[0], &value) < 0) {
        return NULL;
    }
    PyThreadState *state = leave(released);
    double product = bench_product(value);
    enter(state);
    return PyFloat_FromDouble(product);
}
BOTH(product)

/* Takes anything that lends contiguous memory with format `d`. */
BODY sum_body(PyObject *const *args, Py_ssize_t count, int released)
{
    Py_buffer view;
    if (expect(count, 1) < 0 ||
        PyObject_GetBuffer(args[0], &view,
                           PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0) {
        return NULL;
    }
    if (view.format == NULL || strcmp(view.format, "d") != 0) {
        PyBuffer_Release(&view);
        PyErr_SetString(PyExc_TypeError, "expected numbers of format 'd'");
        return NULL;
    }
    PyThreadState *state = leave(released);
    double sum = bench_sum(view.buf, (size_t)view.len / sizeof(double));
    enter(state);
    PyBuffer_Release(&view);
    return PyFloat_FromDouble(sum);
}
BOTH(sum)

BODY sum_list_body(PyObject *const *args, Py_ssize_t count, int released)
{
    if (expect(count, 1) < 0 || !PyList_Check(args[0])) {
        return PyErr_Format(PyExc_TypeError, "expected a list");
    }
    Py_ssize_t length = PyList_GET_SIZE(args[0]);
    double *numbers = PyMem_New(double, length);
    if (numbers == NULL) {
        return PyErr_NoMemory();
    }
    for (Py_ssize_t i = 0; i < length; i++) {
        if (number(PyList_GET_ITEM(args[0], i), &numbers[i]) < 0) {
            PyMem_Free(numbers);
            return NULL;
        }
    }
    PyThreadState *state = leave(released);
    double sum = bench_sum(numbers, (size_t)length);
    enter(state);
    PyMem_Free(numbers);
    return PyFloat_FromDouble(sum);
}
BOTH(sum_list)

/* Calls `callee`; after an error it answers 0 to every further call. */
static int call_back(PyObject *first, PyObject *second)
{
    PyObject *args[] = {first, second};
    long answer = 0;
    if (first != NULL && (second != NULL || !PyErr_Occurred())) {
        size_t count = second == NULL ? 1 : 2;
        PyObject *result =
            PyErr_Occurred() ? NULL
                             : PyObject_Vectorcall(callee, args, count, NULL);
        if (result != NULL) {
            (void)integer(result, INT_MIN, INT_MAX, &answer);
            Py_DECREF(result);
        }
    }
    Py_XDECREF(first);
    Py_XDECREF(second);
    return (int)answer;
}

static int step(int number)
{
    return call_back(PyLong_FromLong(number), NULL);
}

static int step_released(int number)
{
    PyGILState_STATE state = PyGILState_Ensure();
    int answer = step(number);
    PyGILState_Release(state);
    return answer;
}

static int order(const int *left, const int *right)
{
    return call_back(PyLong_FromLong(*left), PyLong_FromLong(*right));
}

static int order_released(const int *left, const int *right)
{
    PyGILState_STATE state = PyGILState_Ensure();
    int answer = order(left, right);
    PyGILState_Release(state);
    return answer;
}

BODY repeat_body(PyObject *const *args, Py_ssize_t count, int released)
{
    long times;
    if (expect(count, 2) < 0 || integer(args[1], 0, INT_MAX, &times) < 0) {
        return NULL;
    }
    callee = args[0];
    PyThreadState *state = leave(released);
    int sum = bench_repeat(released ? step_released : step, (int)times);
    enter(state);
    return PyErr_Occurred() ? NULL : PyLong_FromLong(sum);
}
BOTH(repeat)

/* sort(sorted, numbers, order): two buffers of ints of one length. */
BODY sort_body(PyObject *const *args, Py_ssize_t count, int released)
{
    Py_buffer sorted, numbers;
    if (expect(count, 3) < 0 ||
        PyObject_GetBuffer(args[0], &sorted, PyBUF_WRITABLE) < 0) {
        return NULL;
    }
    if (PyObject_GetBuffer(args[1], &numbers, PyBUF_SIMPLE) < 0) {
        PyBuffer_Release(&sorted);
        return NULL;
    }
    if (sorted.len == numbers.len) {
        callee = args[2];
        PyThreadState *state = leave(released);
        bench_sort(sorted.buf, numbers.buf, (size_t)numbers.len / sizeof(int),
                   released ? order_released : order);
        enter(state);
    } else {
        PyErr_SetString(PyExc_ValueError, "the lengths differ");
    }
    PyBuffer_Release(&numbers);
    PyBuffer_Release(&sorted);
    if (PyErr_Occurred()) {
        return NULL;
    }
    Py_RETURN_NONE;
}
BOTH(sort)

/* Does nothing: a counter of instructions begins a new count when it sees
   this name, which is therefore not static. */
PyObject *bench_mark(PyObject *module, PyObject *ignored);
PyObject *bench_mark(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    Py_RETURN_NONE;
}

static PyObject *point_vectorcall(PyObject *Py_UNUSED(type),
                                  PyObject *const *args, size_t flagged,
                                  PyObject *names)
{
    bench_point value;
    if (names != NULL && PyTuple_GET_SIZE(names) != 0) {
        return PyErr_Format(PyExc_TypeError, "Point takes no keywords");
    }
    if (expect(PyVectorcall_NARGS(flagged), 2) < 0 ||
        number(args[0], &value.x) < 0 || number(args[1], &value.y) < 0) {
        return NULL;
    }
    return new_point(value);
}

static void point_dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    type->tp_free(self);
    Py_DECREF(type);
}

static PyMemberDef point_members[] = {
    {"x", T_DOUBLE, offsetof(PointObject, value.x), 0, NULL},
    {"y", T_DOUBLE, offsetof(PointObject, value.y), 0, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot point_slots[] = {
    {Py_tp_members, point_members},
    {Py_tp_dealloc, (void *)point_dealloc},
    {0, NULL},
};

static PyType_Spec point_spec = {
    .name = "bench_base.Point",
    .basicsize = sizeof(PointObject),
    .flags = Py_TPFLAGS_DEFAULT,
    .slots = point_slots,
};

#define FAST(name)                                                             \
    {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL},           \
    {                                                                          \
        #name "_released", (PyCFunction)(void (*)(void))name##_released,       \
            METH_FASTCALL, NULL                                                \
    }

static PyMethodDef methods[] = {
    FAST(add),      FAST(multiply), FAST(mix),
    FAST(length),   FAST(midpoint), FAST(product),
    FAST(sum),      FAST(sum_list), FAST(repeat),
    FAST(sort),     {"mark", bench_mark, METH_NOARGS, NULL},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "bench_base",
    .m_size = -1,
    .m_methods = methods,
};

PyMODINIT_FUNC PyInit_bench_base(void)
{
    PyObject *module = PyModule_Create(&definition);
    if (module == NULL) {
        return NULL;
    }
    point_type = (PyTypeObject *)PyType_FromSpec(&point_spec);
    if (point_type == NULL) {
        Py_DECREF(module);
        return NULL;
    }
    point_type->tp_vectorcall = point_vectorcall;
    Py_INCREF(point_type);
    if (PyModule_AddObject(module, "Point", (PyObject *)point_type) < 0) {
        Py_DECREF(point_type);
        Py_DECREF(module);
        return NULL;
    }
    return module;
}
