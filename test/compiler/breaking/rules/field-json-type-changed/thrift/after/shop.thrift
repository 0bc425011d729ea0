enum Size { SMALL }
struct Cart {
  1: binary raw
  2: Size size
}
