enum Size { SMALL }
