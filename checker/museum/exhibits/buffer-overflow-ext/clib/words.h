/* Writes count times the letter to out. */
void word_fill(char *out, char letter, int count);
