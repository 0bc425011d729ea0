include "one/common.thrift"
include "two/common.thrift"

struct A {
  1: common.X x
  2: common.Y y
}
