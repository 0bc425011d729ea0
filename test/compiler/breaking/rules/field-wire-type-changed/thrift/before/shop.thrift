enum Size { SMALL }
struct A { 1: i32 x }
struct B { 1: string x }
struct Cart {
  1: i32 count
  2: binary raw
  3: list<string> tags
  4: map<string, i32> sizes
  5: A a
  6: byte small
  7: Size size
}
