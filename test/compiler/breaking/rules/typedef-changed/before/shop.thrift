typedef i32 OrderId
struct Cart { 1: OrderId id }
