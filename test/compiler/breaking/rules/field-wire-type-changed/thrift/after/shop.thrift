enum Size { SMALL }
struct A { 1: i32 x }
struct B { 1: string x }
struct Cart {
  1: i64 count
  2: string raw
  3: set<string> tags
  4: map<string, i64> sizes
  5: B a
  6: i16 small
  7: i64 size
}
