/*
 * What a Config is and does, for both of its types: the heap type of mymodule.c
 * and the static type of mymodule_static.c.
 *
 *     Config(timeout=0, url="", ssl=False)
 *         .timeout       int that fits a C int, in seconds
 *         .server_url    str
 *         .enable_ssl    bool
 *         .process()     twice the timeout, exactly
 *
 * The constructor and the attributes follow the same rules: TypeError for a
 * value of another type, OverflowError for an integer that does not fit,
 * AttributeError for a deletion. A refused value changes nothing.
 */
#ifndef CONFIG_H
#define CONFIG_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

typedef struct {
    PyObject_HEAD
    int timeout;
    char enable_ssl;
    PyObject *server_url; /* Owned; NULL stands for an empty URL. */
} ConfigObject;

/* Slots that both types share. */
PyObject *config_new(PyTypeObject *type, PyObject *args, PyObject *kwds);
int config_clear(PyObject *self);
extern PyGetSetDef config_getset[];
extern PyMethodDef config_methods[];
extern const char config_doc[];

#endif
