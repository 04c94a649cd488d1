#include "series.h"

#include <stdlib.h>

int series_root(int square, int *out)
{
    for (int root = 0; root * root <= square; root++) {
        if (root * root == square) {
            *out = root;
            return 0;
        }
    }
    return -1;
}

int series_root_or_else(int square)
{
    int *found = malloc(sizeof *found);
    if (found == NULL) {
        return -1;
    }
    series_root(square, found);
    int root = *found;
    free(found);
    return root;
}
