strukt A {
  1: i32 a
}

struct B {
  1: i32 b

struct C {
  1: i32 c
}

enum {
  X
}

enum E {
  X = "1"
  Y = 2
}

const i32 = 1
