#include "workers.h"

#include <pthread.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int workers;

static int count(void)
{
    pthread_mutex_lock(&lock);
    int now = workers;
    pthread_mutex_unlock(&lock);
    return now;
}

int worker_enter(void)
{
    pthread_mutex_lock(&lock);
    workers++;
    int now = count();
    pthread_mutex_unlock(&lock);
    return now;
}
