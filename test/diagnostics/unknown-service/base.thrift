service Base {}
