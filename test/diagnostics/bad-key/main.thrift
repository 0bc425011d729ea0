exception Oops {}

struct A {
  1: map<Oops, i32> a
  2: list<set<Oops>> b
}
