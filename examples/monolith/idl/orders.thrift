include "catalogue.thrift"
include "payments.thrift"

struct Line {
  1: required string sku,
  2: i32 count = 1,
}

struct Order {
  1: required list<Line> lines,
  2: required i32 cents,
  3: required payments.Receipt receipt,
}

service Orders {
  Order place(1: list<Line> lines, 2: string card) throws (
    1: catalogue.UnknownProduct unknownProduct,
    2: payments.CardDeclined cardDeclined,
  ),
}
