enum Color { RED = 1, BLUE = 2 }
