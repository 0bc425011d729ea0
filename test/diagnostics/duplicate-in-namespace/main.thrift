namespace * shop

include "base.thrift"

struct A {
  1: base.A inner
}
