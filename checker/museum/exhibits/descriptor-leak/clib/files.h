/* Returns whether the file can be opened. */
int file_is_there(const char *path);
