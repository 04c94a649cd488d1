#include "events.h"

static listener kept;

void events_listen(listener call)
{
    kept = call;
}

int events_fire(int number)
{
    return kept(number);
}
