struct Cart {}
service Shop {
  void add()
}
