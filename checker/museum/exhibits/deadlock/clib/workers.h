/* Counts a worker in and returns their number. */
int worker_enter(void);
