#include "files.h"

#include <errno.h>

int file_open_missing(void)
{
    errno = ENOENT;
    return -1;
}
