#include "workers.h"

void worker_spin(void)
{
    volatile unsigned rounds = 0;
    for (;;) {
        rounds++;
    }
}
