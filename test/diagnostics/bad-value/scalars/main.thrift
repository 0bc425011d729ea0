enum Color {
  RED = 1
}

enum Size {
  S = 1
}

const i32 A = "1"
const i32 B = 1.5
const i32 C = true
const bool D = 2
const string E = 1
const double F = "1"
const Color G = Size.S
const Color H = "RED"
const string I = Color.RED
const uuid J = "no"
const binary K = 7
const string L = A
