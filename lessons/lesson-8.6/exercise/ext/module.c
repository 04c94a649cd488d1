/* image as a hand-written extension module: Py_buffer lends the memory. */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <string.h>

#include "image.h"

/* Borrows the memory of `object`, which cannot be resized until *view is
 * released. Returns 0; or -1 with an exception, and nothing to release.
 */
static int view_of(const char *operation, const char *name, PyObject *object,
                   const char *code, int writable, Py_buffer *view)
{
    const char *format;

    if (!PyObject_CheckBuffer(object)) {
        PyErr_Format(PyExc_TypeError, "%s: %s is no buffer, but %s", operation,
                     name, Py_TYPE(object)->tp_name);
        return -1;
    }
    if (PyObject_GetBuffer(object, view, PyBUF_RECORDS_RO) < 0)
        return -1;
    format = view->format == NULL ? "B" : view->format;
    if (strcmp(format, code) != 0)
        PyErr_Format(PyExc_TypeError, "%s: %s has items %s, not %s", operation,
                     name, format, code);
    else if (writable && view->readonly)
        PyErr_Format(PyExc_BufferError, "%s: %s is read-only", operation, name);
    else if (!PyBuffer_IsContiguous(view, 'C'))
        PyErr_Format(PyExc_BufferError, "%s: %s has gaps", operation, name);
    else
        return 0;
    PyBuffer_Release(view);
    return -1;
}

/* None, or ValueError for a status of the library. Releases nothing. */
static PyObject *end(const char *operation, int status, const Py_buffer *image)
{
    if (status < 0)
        return PyErr_Format(PyExc_ValueError,
                            "%s: refused with %d, for an image of %zd bytes",
                            operation, status, image->len);
    Py_RETURN_NONE;
}

static PyObject *py_address(PyObject *self, PyObject *pixels)
{
    Py_buffer view;
    uintptr_t address;

    (void)self;
    if (view_of("address", "pixels", pixels, "B", 0, &view) < 0)
        return NULL;
    address = image_address(view.buf);
    PyBuffer_Release(&view);
    return PyLong_FromSize_t(address);
}

static PyObject *py_mean(PyObject *self, PyObject *pixels)
{
    Py_buffer view;
    PyObject *result;
    double mean;

    (void)self;
    if (view_of("mean", "pixels", pixels, "B", 0, &view) < 0)
        return NULL;
    mean = image_mean(view.buf, (size_t)view.len);
    result = mean < 0 ? end("mean", -1, &view) : PyFloat_FromDouble(mean);
    PyBuffer_Release(&view);
    return result;
}

static PyObject *py_brighten(PyObject *self, PyObject *args)
{
    PyObject *pixels, *result;
    Py_buffer view;
    double factor;

    (void)self;
    if (!PyArg_ParseTuple(args, "Od:brighten", &pixels, &factor) ||
        view_of("brighten", "pixels", pixels, "B", 1, &view) < 0)
        return NULL;
    result = end("brighten", image_brighten(view.buf, (size_t)view.len, factor),
                 &view);
    PyBuffer_Release(&view);
    return result;
}

static PyObject *convolve(const Py_buffer *pixels, const Py_buffer *out,
                          Py_ssize_t width, const Py_buffer *kernel)
{
    Py_ssize_t weights = kernel->len / kernel->itemsize;

    if (pixels->len != out->len || width < 0 || width > pixels->len ||
        weights != 9)
        return PyErr_Format(PyExc_ValueError,
                            "convolve: %zd pixels to %zd, %zd wide, "
                            "with %zd weights",
                            pixels->len, out->len, width, weights);
    return end("convolve",
               image_convolve(pixels->buf, out->buf, (size_t)pixels->len,
                              (size_t)width, kernel->buf),
               pixels);
}

static PyObject *py_convolve(PyObject *self, PyObject *args)
{
    PyObject *objects[3], *result = NULL;
    Py_buffer pixels, out, kernel;
    Py_ssize_t width;

    (void)self;
    if (!PyArg_ParseTuple(args, "OOnO:convolve", &objects[0], &objects[1],
                          &width, &objects[2]))
        return NULL;
    if (view_of("convolve", "pixels", objects[0], "B", 0, &pixels) < 0)
        return NULL;
    if (view_of("convolve", "out", objects[1], "B", 1, &out) < 0)
        goto release_pixels;
    if (view_of("convolve", "kernel", objects[2], "d", 0, &kernel) < 0)
        goto release_out;
    result = convolve(&pixels, &out, width, &kernel);
    PyBuffer_Release(&kernel);
release_out:
    PyBuffer_Release(&out);
release_pixels:
    PyBuffer_Release(&pixels);
    return result;
}

static PyMethodDef methods[] = {
    {"address", py_address, METH_O, "Where C sees the image."},
    {"mean", py_mean, METH_O, "The mean of all pixels."},
    {"brighten", py_brighten, METH_VARARGS, "Multiplies pixels, in place."},
    {"convolve", py_convolve, METH_VARARGS, "Writes weighted sums to out."},
    {NULL, NULL, 0, NULL},
};

static PyModuleDef_Slot slots[] = {{0, NULL}};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_lesson_8_6",
    .m_doc = "Kernels over grey images.",
    .m_methods = methods,
    .m_slots = slots,
};

PyMODINIT_FUNC PyInit__lesson_8_6(void)
{
    return PyModuleDef_Init(&definition);
}
