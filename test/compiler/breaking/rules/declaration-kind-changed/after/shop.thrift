struct Size { 1: i32 number }
struct Cart { 1: Size size }
