struct FromThrift { 1: string id }
