include "a.proto"

struct A {}
