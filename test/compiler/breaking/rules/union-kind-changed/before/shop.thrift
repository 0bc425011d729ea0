struct Payment { 1: optional i64 card, 2: optional i64 cash }
