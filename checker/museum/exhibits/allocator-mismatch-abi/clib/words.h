/* Frees a word that malloc made. */
void word_drop(char *word);
