enum Color {
  RED = 1
}

const Color A = 2
