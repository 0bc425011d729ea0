namespace js shop.stock

include "unit.thrift"

struct Item {
  1: unit.Unit unit
}
