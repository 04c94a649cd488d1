/* Returns the length of the greeting for a name. */
int greeting_length(const char *name);
