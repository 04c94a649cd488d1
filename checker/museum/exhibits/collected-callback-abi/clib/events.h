typedef int (*listener)(int);

/* Keeps the listener. */
void events_listen(listener call);

/* Calls the listener. */
int events_fire(int number);
