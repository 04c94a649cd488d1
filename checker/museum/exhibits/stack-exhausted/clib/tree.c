#include "tree.h"

int tree_depth(int left)
{
    volatile char frame[512];
    frame[0] = (char)left;
    if (left == 0) {
        return frame[0];
    }
    return 1 + tree_depth(left - 1);
}
