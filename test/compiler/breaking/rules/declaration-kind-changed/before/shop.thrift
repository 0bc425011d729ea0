enum Size { SMALL }
struct Cart { 1: Size size }
