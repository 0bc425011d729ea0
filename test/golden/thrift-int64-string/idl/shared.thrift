typedef i64 Id
enum Mode { ON, OFF }
