/* Returns the number of workers. */
int worker_count(void);
