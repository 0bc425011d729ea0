enum Size { SMALL }
struct Cart {
  1: string raw
  2: i32 size
}
