/* Returns how deep the tree is; a count below zero has no end. */
int tree_depth(int left);
