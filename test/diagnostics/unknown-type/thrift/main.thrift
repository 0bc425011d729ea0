include "common.thrift"

struct Order {
  1: Ordr parent
  2: strin name
  3: Money price
  4: comon.Money total
  5: common.Mony tax
  6: other.Thing thing
  7: Nowhere nowhere
  8: void nothing
}
