namespace js shop.order

include "stock.thrift"

typedef stock.Item Line
