#include "files.h"

#include <fcntl.h>

int file_is_there(const char *path)
{
    return open(path, O_RDONLY) >= 0;
}
