const i32 USUAL = 20
enum Size { SMALL, LARGE }
struct Cart {
  1: i32 size = USUAL
  2: i32 same = 10
  3: optional bool gift
  4: list<string> tags = ["b"]
  5: Size format = 1
  6: i32 zero = 0
}
service Shop {
  void add(1: i32 count = 2)
}
