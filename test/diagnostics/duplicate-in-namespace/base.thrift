namespace * shop

struct A {}
