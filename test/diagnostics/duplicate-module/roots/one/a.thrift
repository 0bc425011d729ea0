include "common.thrift"

struct A {
  1: common.X x
}
