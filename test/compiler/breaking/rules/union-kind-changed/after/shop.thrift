union Payment { 1: i64 card, 2: i64 cash }
