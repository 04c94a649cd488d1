typedef struct label label;

label *label_new(int number);

int label_number(const label *it);

void label_drop(label *it);
