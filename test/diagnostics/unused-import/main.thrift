include "a.thrift"
include "b.thrift"

struct S {
  1: a.A a
}
