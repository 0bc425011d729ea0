struct Cart {
  2: string remark
}
service Shop {
  void add(1: i32 number)
}
