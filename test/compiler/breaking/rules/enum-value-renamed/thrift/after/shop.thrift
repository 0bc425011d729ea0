enum Color { RED = 1, NAVY = 2 }
