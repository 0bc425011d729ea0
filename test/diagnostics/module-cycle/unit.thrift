namespace js shop.order

enum Unit {
  PIECE = 0
}
