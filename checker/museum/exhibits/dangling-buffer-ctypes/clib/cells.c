#include "cells.h"

int series_sum(const series *it)
{
    int sum = 0;
    for (int at = 0; at < it->count; at++) {
        sum += it->numbers[at];
    }
    return sum;
}
