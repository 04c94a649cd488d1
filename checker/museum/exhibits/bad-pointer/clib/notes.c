#include "notes.h"

void sum_into(int a, int b, int *out)
{
    *out = a + b;
}
