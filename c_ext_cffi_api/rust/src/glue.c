static const struct rc_table *rc;
static PyObject *rc_started;

/* A module need not use each of the functions below. */
#ifdef __GNUC__
#define RC_UNUSED __attribute__((unused))
#else
#define RC_UNUSED
#endif

RC_UNUSED static PyObject *rc_find_type(size_t index)
{
    rc_types[index] = rc->find_type(rc_started, rc_type_names[index]);
    return rc_types[index];
}

#define RC_TYPE(index) (rc_types[index] ? rc_types[index] : rc_find_type(index))

/* Whether the object is exactly an int of a few digits, and its value: read
   without a call, for these are nearly all integers that a program has. */
RC_UNUSED static inline int rc_is_small(PyObject *object, long *value)
{
    PyLongObject *number = (PyLongObject *)object;
    if (!PyLong_CheckExact(object))
        return 0;
#if PY_VERSION_HEX >= 0x030C0000
    if (!PyUnstable_Long_IsCompact(number))
        return 0;
    *value = (long)PyUnstable_Long_CompactValue(number);
#else
    if (Py_SIZE(object) < -1 || Py_SIZE(object) > 1)
        return 0;
    *value = (long)Py_SIZE(object) * (long)number->ob_digit[0];
#endif
    return 1;
}

RC_UNUSED static inline int rc_to_signed(PyObject *object, int bits,
                                         long long *place)
{
    long long limit = (long long)(~0ULL >> (65 - bits));
    long small;
    if (rc_is_small(object, &small))
        *place = small;
    else if (rc->to_signed(object, place) < 0)
        return -1;
    if (*place > limit || *place < -limit - 1)
        return rc->overflow(object, bits, 1);
    return 0;
}

RC_UNUSED static inline int rc_to_unsigned(PyObject *object, int bits,
                                           unsigned long long *place)
{
    long small;
    if (rc_is_small(object, &small) && small >= 0)
        *place = (unsigned long long)small;
    else if (rc->to_unsigned(object, place) < 0)
        return -1;
    if (*place > ~0ULL >> (64 - bits))
        return rc->overflow(object, bits, 0);
    return 0;
}

RC_UNUSED static inline int rc_to_float(PyObject *object, double *place)
{
    if (PyFloat_CheckExact(object)) {
        *place = PyFloat_AS_DOUBLE(object);
        return 0;
    }
    *place = PyFloat_AsDouble(object);
    return *place == -1.0 && PyErr_Occurred() ? -1 : 0;
}

#define RC_BITS(type) (8 * (int)sizeof(type))

#define RC_FROM_SIGNED(value, type)                                            \
    (sizeof(type) <= sizeof(long) ? PyLong_FromLong((long)(value))             \
                                  : PyLong_FromLongLong((long long)(value)))

#define RC_FROM_UNSIGNED(value, type)                                          \
    (sizeof(type) < sizeof(long)                                               \
         ? PyLong_FromLong((long)(value))                                      \
         : PyLong_FromUnsignedLongLong((unsigned long long)(value)))

#define RC_FROM_INTEGER(value, type)                                           \
    ((type)(-1) > (type)0 ? RC_FROM_UNSIGNED(value, type)                      \
                          : RC_FROM_SIGNED(value, type))

RC_UNUSED static int rc_to_typed(PyObject *object, size_t type, void *place)
{
    PyObject *found = RC_TYPE(type);
    return found ? rc->to_c(object, found, place) : -1;
}

RC_UNUSED static int rc_to_pointer(PyObject *object, size_t type, void *place,
                                   void **temporaries)
{
    PyObject *found = RC_TYPE(type);
    return found ? rc->to_pointer(object, found, place, temporaries) : -1;
}

RC_UNUSED static PyObject *rc_from_typed(void *place, size_t type)
{
    PyObject *found = RC_TYPE(type);
    return found ? rc->from_c(place, found) : NULL;
}

RC_UNUSED static PyObject *rc_from_record(void *place, size_t type)
{
    PyObject *found = RC_TYPE(type);
    return found ? rc->from_record(place, found) : NULL;
}

RC_UNUSED static PyObject *rc_wrong_count(const char *name, Py_ssize_t expected,
                                          Py_ssize_t given)
{
    return PyErr_Format(PyExc_TypeError,
                        "%s() takes exactly %zd arguments (%zd given)", name,
                        expected, given);
}
