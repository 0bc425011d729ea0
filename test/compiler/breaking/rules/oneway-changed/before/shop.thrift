service Shop {
  void log(1: string line)
}
