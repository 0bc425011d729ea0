exception Oops {}

struct A {
  1: i32 a
  1: string b
}

service S {
  void f() throws (1: Oops a, 1: Oops b)
}
