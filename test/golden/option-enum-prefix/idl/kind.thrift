enum Side {
  SIDE_LEFT = 1,
  SIDE_RIGHT = 2,
}

struct Door {
  1: Side side = Side.SIDE_RIGHT
}
