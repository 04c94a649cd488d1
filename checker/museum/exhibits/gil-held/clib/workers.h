/* Counts for ever. */
void worker_spin(void);
