include "shared/money.thrift"

struct A {
  1: money.Money price
}
