typedef void (*worker_task)(void);

/* Runs the task on a thread of its own, and waits for it. */
int worker_run(worker_task task);
