#include "labels.h"

#include <stdlib.h>

struct label {
    int number;
};

label *label_new(int number)
{
    label *it = malloc(sizeof *it);
    if (it != NULL) {
        it->number = number;
    }
    return it;
}

int label_number(const label *it)
{
    return it->number;
}

void label_drop(label *it)
{
    free(it);
}
