#include "cells.h"

static const char *kept;

void cell_set(const char *text)
{
    kept = text;
}

int cell_first(void)
{
    return kept[0];
}
