struct A {
  32768: i32 a
  -32769: i32 b
}

enum E {
  X = 9999999999
  Y = 2147483647
  Z
}
