#include "cells.h"

int cells_each(cell_visitor visit)
{
    int sum = 0;
    for (int number = 0; number < 4; number++) {
        sum += visit(number);
    }
    return sum;
}
