typedef i64 OrderId
struct Cart { 1: OrderId id }
