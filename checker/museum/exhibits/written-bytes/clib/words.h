/* Makes all letters capital ones. */
void word_upper(char *word);
