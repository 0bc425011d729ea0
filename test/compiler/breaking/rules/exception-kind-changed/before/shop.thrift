struct Refused { 1: string why }
