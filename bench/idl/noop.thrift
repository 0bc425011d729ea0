namespace * bench

service Noop {
  void noop(),
}
