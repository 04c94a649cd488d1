/* Opens a file that is not there; returns -1 and sets errno. */
int file_open_missing(void);
