struct X {}
struct Y {}
