enum Color { GREEN, RED, BLUE }
