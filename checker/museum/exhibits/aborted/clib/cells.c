#include "cells.h"

#include <assert.h>

int cell_at(int index)
{
    static const int cells[3] = {1, 2, 3};
    assert(index >= 0 && index < 3);
    return cells[index];
}
