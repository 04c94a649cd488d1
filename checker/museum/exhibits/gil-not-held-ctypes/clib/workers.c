#include "workers.h"

int worker_count(void)
{
    return 1000000;
}
