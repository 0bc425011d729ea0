exception Refused { 1: string why }
