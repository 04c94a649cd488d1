/* Notes the stack at the moment when a function of a C library is called for
 * the first time.
 *
 * The first instruction of each function is replaced by a breakpoint. Its
 * signal finds the machine exactly as the caller left it; the handler puts the
 * instruction back, walks the frames, and lets the function run. Nothing of
 * the library, of the bridge or of the engine has to be built for this.
 */
#define _GNU_SOURCE
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#define SPOTS 256
#define FRAMES 96

#if defined(__x86_64__)
static const unsigned char BREAKPOINT[] = {0xcc}; /* int3 */
#define BEHIND 1 /* how far the counter stands behind it in the handler */
#define COUNTER(context) ((context)->uc_mcontext.gregs[REG_RIP])
#elif defined(__aarch64__)
static const unsigned char BREAKPOINT[] = {0x00, 0x00, 0x20, 0xd4}; /* brk */
#define BEHIND 0
#define COUNTER(context) ((context)->uc_mcontext.pc)
#else
#error "breakpoints are known for x86-64 and AArch64 only"
#endif

struct frame {
    uintptr_t address; /* where the frame goes on */
    int exact; /* 1: the next instruction to run; 0: the one after a call */
};

struct spot {
    char *name; /* owned; never released */
    unsigned char *address;
    unsigned char instruction[sizeof BREAKPOINT];
    int state;
    struct frame frames[FRAMES];
    int count;
    off_t python_from, python_to; /* what of python_file is this call's */
};

enum { ARMED, CALLED, TOLD };

/* Written while the GIL is held; the handler reads what lies below `spots`. */
static struct spot all[SPOTS];
static int spots;

/* Two threads may arrive at once; one handler at a time writes. */
static char busy;

/* faulthandler writes the Python frames there when it gets this signal. */
static int python_signal, python_file;

static struct sigaction before;

static void put(unsigned char *to, const unsigned char *instruction)
{
    memcpy(to, instruction, sizeof BREAKPOINT);
    __builtin___clear_cache((char *)to, (char *)to + sizeof BREAKPOINT);
}

static _Unwind_Reason_Code note(struct _Unwind_Context *context, void *given)
{
    struct spot *spot = given;
    int exact = 0;
    uintptr_t address = (uintptr_t)_Unwind_GetIPInfo(context, &exact);

    if (address == 0 || spot->count == FRAMES)
        return _URC_END_OF_STACK;
    /* The innermost frames are the handler's own. */
    if (spot->count > 0 || address == (uintptr_t)spot->address) {
        spot->frames[spot->count].address = address;
        spot->frames[spot->count++].exact = exact;
    }
    return _URC_NO_REASON;
}

static struct spot *spot_at(uintptr_t address)
{
    int known = __atomic_load_n(&spots, __ATOMIC_ACQUIRE);

    for (int i = 0; i < known; i++)
        if ((uintptr_t)all[i].address == address)
            return &all[i];
    return NULL;
}

static void record(struct spot *spot)
{
    put(spot->address, spot->instruction);
    _Unwind_Backtrace(note, spot);
    spot->python_from = lseek(python_file, 0, SEEK_CUR);
    raise(python_signal); /* not blocked here: it is handled before this returns */
    spot->python_to = lseek(python_file, 0, SEEK_CUR);
    spot->state = CALLED;
}

static void at_breakpoint(int number, siginfo_t *info, void *given)
{
    ucontext_t *context = given;
    uintptr_t address = (uintptr_t)COUNTER(context) - BEHIND;
    struct spot *spot = spot_at(address);
    int error = errno;

    (void)info;
    if (spot == NULL) {
        /* Somebody else's: it ends the process as it would without us. */
        sigaction(number, &before, NULL);
        raise(number);
        return;
    }
    COUNTER(context) = address;
    while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE))
        ;
    if (spot->state == ARMED)
        record(spot);
    __atomic_clear(&busy, __ATOMIC_RELEASE);
    errno = error;
}

struct search {
    const char *file;
    uintptr_t offset;
    unsigned char *found;
};

/* Looks for offset in the code of the loaded file of that name. */
static int look(struct dl_phdr_info *object, size_t size, void *given)
{
    struct search *search = given;
    const char *slash = strrchr(object->dlpi_name, '/');
    const char *name = slash ? slash + 1 : object->dlpi_name;

    (void)size;
    if (strcmp(name, search->file) != 0)
        return 0;
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *part = &object->dlpi_phdr[i];
        int code = part->p_type == PT_LOAD && (part->p_flags & PF_X);

        if (code && search->offset >= part->p_vaddr &&
            search->offset + sizeof BREAKPOINT <=
                part->p_vaddr + part->p_memsz) {
            search->found = (unsigned char *)object->dlpi_addr + search->offset;
            return 1;
        }
    }
    return 0;
}

/* Makes the pages of an instruction writable; they stay so, for the handler. */
static int open_code(unsigned char *address)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    uintptr_t from = (uintptr_t)address & ~(page - 1);
    uintptr_t to = (uintptr_t)address + sizeof BREAKPOINT;

    return mprotect((void *)from, to - from, PROT_READ | PROT_WRITE | PROT_EXEC);
}

/* Plants one breakpoint; returns how many were planted, -1 with an exception. */
static int plant(const char *file, const char *name, uintptr_t offset)
{
    struct search search = {file, offset, NULL};
    struct spot *spot = &all[spots];

    dl_iterate_phdr(look, &search);
    if (search.found == NULL || spot_at((uintptr_t)search.found) != NULL)
        return 0;
    if (spots == SPOTS) {
        PyErr_SetString(PyExc_RuntimeError, "too many functions to trace");
        return -1;
    }
    if (open_code(search.found) != 0) {
        PyErr_SetFromErrno(PyExc_OSError);
        return -1;
    }
    spot->name = strdup(name);
    if (spot->name == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    spot->address = search.found;
    memcpy(spot->instruction, search.found, sizeof BREAKPOINT);
    __atomic_store_n(&spots, spots + 1, __ATOMIC_RELEASE);
    put(search.found, BREAKPOINT);
    return 1;
}

static PyObject *arm(PyObject *module, PyObject *args)
{
    PyObject *targets;
    int planted = 0;

    (void)module;
    if (!PyArg_ParseTuple(args, "O!ii", &PyList_Type, &targets, &python_signal,
                          &python_file))
        return NULL;
    for (Py_ssize_t i = 0; i < PyList_Size(targets); i++) {
        const char *file, *name;
        unsigned long long offset;
        PyObject *target = PyList_GetItem(targets, i);
        int done;

        if (!PyArg_ParseTuple(target, "ssK", &file, &name, &offset))
            return NULL;
        done = plant(file, name, (uintptr_t)offset);
        if (done < 0)
            return NULL;
        planted += done;
    }
    return PyLong_FromLong(planted);
}

/* One frame as text: address, exact, where its file begins, the file. */
static PyObject *shown(const struct frame *frame)
{
    Dl_info about;
    PyObject *path, *text;

    if (!dladdr((void *)(frame->address - (frame->exact ? 0 : 1)), &about) ||
        about.dli_fname == NULL)
        return PyUnicode_FromFormat("%zu %d 0 ", (size_t)frame->address,
                                    frame->exact);
    path = PyUnicode_DecodeFSDefault(about.dli_fname);
    if (path == NULL)
        return NULL;
    text = PyUnicode_FromFormat("%zu %d %zu %U", (size_t)frame->address,
                                frame->exact, (size_t)about.dli_fbase, path);
    Py_DECREF(path);
    return text;
}

static PyObject *told(const struct spot *spot)
{
    PyObject *frames = PyList_New(0);

    if (frames == NULL)
        return NULL;
    for (int i = 0; i < spot->count; i++) {
        PyObject *frame = shown(&spot->frames[i]);
        int failed = frame == NULL || PyList_Append(frames, frame) < 0;

        Py_XDECREF(frame);
        if (failed) {
            Py_DECREF(frames);
            return NULL;
        }
    }
    return Py_BuildValue("sNLL", spot->name, frames,
                         (long long)spot->python_from,
                         (long long)spot->python_to);
}

static PyObject *calls(PyObject *module, PyObject *unused)
{
    PyObject *list = PyList_New(0);

    (void)module;
    (void)unused;
    for (int i = 0; list != NULL && i < spots; i++) {
        PyObject *call;
        int failed;

        if (all[i].state != CALLED)
            continue;
        all[i].state = TOLD;
        call = told(&all[i]);
        failed = call == NULL || PyList_Append(list, call) < 0;
        Py_XDECREF(call);
        if (failed)
            Py_CLEAR(list);
    }
    return list;
}

static PyMethodDef functions[] = {
    {"arm", arm, METH_VARARGS,
     "arm(targets, signal, file): plant breakpoints where (file, function, "
     "offset) is loaded; return how many are new."},
    {"calls", calls, METH_NOARGS,
     "Return the first calls since the last time: (function, frames, from, "
     "to)."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_call_walk",
    .m_doc = "Notes the stack when a C function is called for the first time.",
    .m_size = -1,
    .m_methods = functions,
};

/* The unwinder loads what it needs when it is first used: not in a handler. */
static _Unwind_Reason_Code nothing(struct _Unwind_Context *context, void *given)
{
    (void)context;
    (void)given;
    return _URC_END_OF_STACK;
}

PyMODINIT_FUNC PyInit__call_walk(void)
{
    struct sigaction action = {0};

    _Unwind_Backtrace(nothing, NULL);
    action.sa_sigaction = at_breakpoint;
    action.sa_flags = SA_SIGINFO;
    if (sigaction(SIGTRAP, &action, &before) != 0)
        return PyErr_SetFromErrno(PyExc_OSError);
    return PyModule_Create(&module);
}
