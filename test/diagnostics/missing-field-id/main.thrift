struct A {
  i32 a
  1: i32 b
  string c
}

service S {
  void f(i32 x)
}
