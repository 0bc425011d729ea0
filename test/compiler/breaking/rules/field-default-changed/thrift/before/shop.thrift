const i32 USUAL = 10
enum Size { SMALL, LARGE }
struct Cart {
  1: i32 size = USUAL
  2: i32 same = USUAL
  3: optional bool gift = true
  4: list<string> tags = ["a"]
  5: Size format = Size.SMALL
  6: i32 zero
}
service Shop {
  void add(1: i32 count = 1)
}
