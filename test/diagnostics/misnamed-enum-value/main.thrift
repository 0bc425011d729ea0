enum Color {
  RED = 1
}

enum Size {
  S = 1
}

const Color A = Size.RED
