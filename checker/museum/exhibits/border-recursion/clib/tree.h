typedef int (*visitor)(int);

/* Calls the visitor for the node. */
int tree_visit(visitor call, int node);
