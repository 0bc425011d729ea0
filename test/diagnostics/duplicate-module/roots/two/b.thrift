include "common.thrift"

struct B {
  1: common.Y y
}
