#include "config.h"

#include <limits.h>

const char config_doc[] = "Config(timeout=0, url='', ssl=False)\n--\n\n"
                          "Where a server is, and how long to wait for it.";

/* A setter gets NULL for `del config.name`. */
static int refuse_deletion(PyObject *value, const char *name)
{
    if (value != NULL) {
        return 0;
    }
    PyErr_Format(PyExc_AttributeError, "cannot delete %s", name);
    return -1;
}

static int refuse_type(PyObject *value, const char *name, const char *wanted)
{
    PyErr_Format(PyExc_TypeError, "%s must be %s, not %s", name, wanted,
                 Py_TYPE(value)->tp_name);
    return -1;
}

static PyObject *get_timeout(PyObject *self, void *Py_UNUSED(closure))
{
    return PyLong_FromLong(((ConfigObject *)self)->timeout);
}

static int set_timeout(PyObject *self, PyObject *value,
                       void *Py_UNUSED(closure))
{
    if (refuse_deletion(value, "timeout") < 0) {
        return -1;
    }
    if (!PyLong_Check(value)) {
        return refuse_type(value, "timeout", "int");
    }
    int overflow;
    long timeout = PyLong_AsLongAndOverflow(value, &overflow);
    if (timeout == -1 && PyErr_Occurred()) {
        return -1;
    }
    if (overflow != 0 || timeout < INT_MIN || timeout > INT_MAX) {
        PyErr_Format(PyExc_OverflowError, "timeout must be between %d and %d",
                     INT_MIN, INT_MAX);
        return -1;
    }
    ((ConfigObject *)self)->timeout = (int)timeout;
    return 0;
}

static PyObject *get_server_url(PyObject *self, void *Py_UNUSED(closure))
{
    PyObject *url = ((ConfigObject *)self)->server_url;
    if (url == NULL) {
        return PyUnicode_FromString("");
    }
    Py_INCREF(url);
    return url;
}

static int set_server_url(PyObject *self, PyObject *value,
                          void *Py_UNUSED(closure))
{
    if (refuse_deletion(value, "server_url") < 0) {
        return -1;
    }
    if (!PyUnicode_Check(value)) {
        return refuse_type(value, "server_url", "str");
    }
    /* Releasing the old value may run any Python code, which must find the
       new one in its place. */
    PyObject *old = ((ConfigObject *)self)->server_url;
    Py_INCREF(value);
    ((ConfigObject *)self)->server_url = value;
    Py_XDECREF(old);
    return 0;
}

static PyObject *get_enable_ssl(PyObject *self, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(((ConfigObject *)self)->enable_ssl);
}

static int set_enable_ssl(PyObject *self, PyObject *value,
                          void *Py_UNUSED(closure))
{
    if (refuse_deletion(value, "enable_ssl") < 0) {
        return -1;
    }
    if (!PyBool_Check(value)) {
        return refuse_type(value, "enable_ssl", "bool");
    }
    ((ConfigObject *)self)->enable_ssl = value == Py_True;
    return 0;
}

/* Doubled in a wider type: twice INT_MAX does not fit an int. */
static PyObject *process(PyObject *self, PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLongLong(2LL * ((ConfigObject *)self)->timeout);
}

/* Passes a value that was given on to the setter of its attribute. */
static int set_given(PyObject *self, PyObject *value, setter set)
{
    return value == NULL ? 0 : set(self, value, NULL);
}

PyObject *config_new(PyTypeObject *type, PyObject *args, PyObject *kwds)
{
    static char *names[] = {"timeout", "url", "ssl", NULL};
    PyObject *timeout = NULL, *url = NULL, *ssl = NULL;
    if (!PyArg_ParseTupleAndKeywords(args, kwds, "|OOO:Config", names, &timeout,
                                     &url, &ssl)) {
        return NULL;
    }
    /* tp_alloc zeroes the object, which makes the defaults. */
    PyObject *self = type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    if (set_given(self, timeout, set_timeout) < 0 ||
        set_given(self, url, set_server_url) < 0 ||
        set_given(self, ssl, set_enable_ssl) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return self;
}

int config_clear(PyObject *self)
{
    Py_CLEAR(((ConfigObject *)self)->server_url);
    return 0;
}

PyGetSetDef config_getset[] = {
    {"timeout", get_timeout, set_timeout, "seconds to wait", NULL},
    {"server_url", get_server_url, set_server_url, "where the server is", NULL},
    {"enable_ssl", get_enable_ssl, set_enable_ssl, "whether to encrypt", NULL},
    {NULL, NULL, NULL, NULL, NULL},
};

PyMethodDef config_methods[] = {
    {"process", process, METH_NOARGS,
     "process($self, /)\n--\n\nReturn twice the timeout."},
    {NULL, NULL, 0, NULL},
};
