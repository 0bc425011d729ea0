enum Color {
  RED = 1
  GREEN = 2
}

const i32 LIMIT = 10
const Color A = Color.REED
const Color B = GREN
const i32 C = LIMTI
const bool D = ture
const i32 E = NOWHERE
