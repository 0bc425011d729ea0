struct A {
  1: required B b
}

struct B {
  1: required A a
}

struct Fine {
  1: required list<Fine> more
  2: optional Fine next
}
