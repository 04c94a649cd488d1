#include "workers.h"

#include <pthread.h>

static void *start(void *task)
{
    (*(worker_task *)task)();
    return NULL;
}

int worker_run(worker_task task)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, start, &task) != 0) {
        return -1;
    }
    return pthread_join(thread, NULL);
}
