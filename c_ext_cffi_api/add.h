/* The header that the generated C includes; the contract stands in libadd's. */
#include "../c_ext_ffi_clib/add.h"
