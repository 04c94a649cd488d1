#include "tree.h"

int tree_visit(visitor call, int node)
{
    return call(node);
}
