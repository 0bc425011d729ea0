struct A {
  1: i32
  2: string name = ,
  3: list<i32 numbers
  4: map<string> pairs
  x y z w
  5: bool fine
}

service S {
  void a(1: i32 x
  void b()
}
