enum Color { RED }
enum Size { SMALL }
