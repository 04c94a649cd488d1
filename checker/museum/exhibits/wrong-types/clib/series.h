/* Returns the number times the factor. */
double series_scale(double number, double factor);
