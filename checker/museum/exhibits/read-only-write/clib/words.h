/* Returns a greeting. */
char *word_greeting(void);

/* Makes the first letter a capital one. */
void word_capital(char *word);
